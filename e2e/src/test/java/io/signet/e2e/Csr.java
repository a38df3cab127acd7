package io.signet.e2e;

import io.signet.e2e.peers.Openssl;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;

/**
 * A certificate request in a shape of Istio's clients. {@code openssl} makes the keys and all
 * requests but those of the agent: it does not write an empty organization.
 *
 * @param pem the request
 * @param key the file of the private key
 */
record Csr(String pem, Path key) {

  /** What clients choose from (ISTIO-17, ISTIO-18). */
  enum Key {
    RSA_2048("RSA", "rsa_keygen_bits:2048"),
    P256("EC", "ec_paramgen_curve:P-256"),
    P384("EC", "ec_paramgen_curve:P-384");

    private final String algorithm;
    private final String option;

    Key(String algorithm, String option) {
      this.algorithm = algorithm;
      this.option = option;
    }
  }

  /** A new key and a request for it that names nobody: whoever sends it gets its own identity. */
  static Csr create(Path folder) throws IOException {
    Path keyFile = newKey(folder, Key.P256);
    return new Csr(
        Openssl.run("req", "-new", "-sha256", "-key", keyFile.toString(), "-subj", "/"), keyFile);
  }

  /**
   * ISTIO-18: an empty subject and one URI name.
   *
   * @param critical whether the name is marked so, which depends on ztunnel's TLS library
   */
  static Csr ztunnel(Path folder, Key key, String id, boolean critical) throws IOException {
    Path keyFile = newKey(folder, key);
    String names = "subjectAltName=" + (critical ? "critical," : "") + "URI:" + id;
    String pem =
        Openssl.run(
            "req", "-new", "-sha256", "-key", keyFile.toString(), "-subj", "/", "-addext", names);
    return new Csr(pem, keyFile);
  }

  /** ISTIO-17: one organization, which is the empty text, and one critical URI name. */
  static Csr agent(Path folder, Key key, String id) throws IOException {
    Path keyFile = newKey(folder, key);
    try {
      return new Csr(agentPem(keyFile, key, id), keyFile);
    } catch (OperatorCreationException e) {
      throw new IOException(e);
    }
  }

  private static Path newKey(Path folder, Key key) throws IOException {
    Path file = Files.createTempDirectory(folder, "csr-").resolve("key.pem");
    Openssl.run(
        "genpkey", "-algorithm", key.algorithm, "-pkeyopt", key.option, "-out", file.toString());
    return file;
  }

  private static String agentPem(Path keyFile, Key key, String id)
      throws IOException, OperatorCreationException {
    var secret = (PrivateKeyInfo) parsed(Files.readString(keyFile));
    String publicKey = Openssl.run("pkey", "-in", keyFile.toString(), "-pubout");
    String signature = key == Key.RSA_2048 ? "SHA256withRSA" : "SHA256withECDSA";
    byte[] csr =
        new PKCS10CertificationRequestBuilder(
                emptyOrganization(), (SubjectPublicKeyInfo) parsed(publicKey))
            .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, names(id))
            .build(
                new JcaContentSignerBuilder(signature)
                    .build(new JcaPEMKeyConverter().getPrivateKey(secret)))
            .getEncoded();
    return Pem.encode("CERTIFICATE REQUEST", csr);
  }

  private static Object parsed(String pem) throws IOException {
    try (var parser = new PEMParser(new StringReader(pem))) {
      return parser.readObject();
    }
  }

  private static X500Name emptyOrganization() {
    return new X500NameBuilder().addRDN(BCStyle.O, new DERPrintableString("")).build();
  }

  private static Extensions names(String id) throws IOException {
    var extensions = new ExtensionsGenerator();
    var names = new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, id));
    extensions.addExtension(Extension.subjectAlternativeName, true, names);
    return extensions.generate();
  }
}
