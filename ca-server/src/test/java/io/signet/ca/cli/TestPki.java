package io.signet.ca.cli;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A root, and one leaf for localhost and a workload. */
record TestPki(String root, String leaf, String key) {
  private static final Instant START = Instant.parse("2020-01-01T00:00:00Z");
  private static final Instant END = Instant.parse("2099-01-01T00:00:00Z");

  static TestPki create(String spiffeId) throws Exception {
    KeyPair rootKey = pair();
    KeyPair leafKey = pair();
    var names =
        new GeneralNames(
            new GeneralName[] {
              new GeneralName(GeneralName.uniformResourceIdentifier, spiffeId),
              new GeneralName(GeneralName.dNSName, "localhost")
            });
    X509Certificate root =
        certificate(
            "CN=root", 1, rootKey, rootKey, Extension.basicConstraints, new BasicConstraints(true));
    X509Certificate leaf =
        certificate("CN=leaf", 0xab, leafKey, rootKey, Extension.subjectAlternativeName, names);
    return new TestPki(
        pem(root), pem(leaf), pem(new JcaPKCS8Generator(leafKey.getPrivate(), null)));
  }

  private static KeyPair pair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    return generator.generateKeyPair();
  }

  private static X509Certificate certificate(
      String subject,
      int serial,
      KeyPair key,
      KeyPair issuer,
      ASN1ObjectIdentifier extension,
      ASN1Encodable value)
      throws IOException, OperatorCreationException, GeneralSecurityException {
    var builder =
        new JcaX509v3CertificateBuilder(
            new X500Principal("CN=root"),
            BigInteger.valueOf(serial),
            Date.from(START),
            Date.from(END),
            new X500Principal(subject),
            key.getPublic());
    builder.addExtension(extension, true, value);
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(
                new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.getPrivate())));
  }

  private static String pem(Object value) throws IOException {
    var text = new StringWriter();
    try (var writer = new JcaPEMWriter(text)) {
      writer.writeObject(value);
    }
    return text.toString();
  }
}
