package io.signet.ca.grpc;

import io.signet.spiffe.X509Svid;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Certificates for tests, from an authority made on the spot. */
@SuppressWarnings("JavaUtilDate") // The API of Bouncy Castle.
public record TestCertificates(
    X509Certificate certificate, KeyPair keys, List<X509Certificate> above) {
  private static final Duration LONG = Duration.ofDays(1);

  public static TestCertificates root(String name) {
    KeyPair keys = newKeys();
    return new TestCertificates(
        signed(name, name, keys, keys.getPrivate(), true, List.of(), LONG), keys, List.of());
  }

  public TestCertificates intermediate(String name) {
    KeyPair fresh = newKeys();
    return below(name, fresh, true, List.of(), LONG);
  }

  /** A TLS server certificate for localhost and 127.0.0.1. */
  public TestCertificates server() {
    return below(
        "server",
        newKeys(),
        false,
        List.of(
            new GeneralName(GeneralName.dNSName, "localhost"),
            new GeneralName(GeneralName.iPAddress, "127.0.0.1")),
        LONG);
  }

  public TestCertificates workload(String spiffeId) {
    return workload(spiffeId, LONG);
  }

  /** With a lifetime that is negative for one that has expired. */
  public TestCertificates workload(String spiffeId, Duration lifetime) {
    var id = new GeneralName(GeneralName.uniformResourceIdentifier, spiffeId);
    return below("", newKeys(), false, List.of(id), lifetime);
  }

  /** The certificate, then those above it, without the root. */
  public List<X509Certificate> chain() {
    List<X509Certificate> chain = new ArrayList<>(List.of(certificate));
    chain.addAll(above);
    return chain;
  }

  public ServingCertificate serving() {
    return new ServingCertificate(chain(), keys.getPrivate());
  }

  public X509Svid svid() {
    return X509Svid.of(chain());
  }

  private TestCertificates below(
      String name, KeyPair subject, boolean ca, List<GeneralName> names, Duration lifetime) {
    String issuer = certificate.getSubjectX500Principal().getName().replace("CN=", "");
    X509Certificate leaf = signed(name, issuer, subject, keys.getPrivate(), ca, names, lifetime);
    boolean root =
        certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal());
    return new TestCertificates(leaf, subject, root ? List.of() : chain());
  }

  private static X509Certificate signed(
      String subject,
      String issuer,
      KeyPair keys,
      PrivateKey issuerKey,
      boolean ca,
      List<GeneralName> names,
      Duration lifetime) {
    Instant now = Instant.now();
    Instant begin =
        lifetime.isNegative() ? now.plus(lifetime.multipliedBy(2)) : now.minusSeconds(60);
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              name(issuer),
              BigInteger.valueOf(System.nanoTime()),
              Date.from(begin),
              Date.from(now.plus(lifetime)),
              name(subject),
              keys.getPublic());
      extend(builder, ca, names, subject.isEmpty());
      var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKey);
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new AssertionError(e);
    }
  }

  private static void extend(
      JcaX509v3CertificateBuilder builder, boolean ca, List<GeneralName> names, boolean critical)
      throws CertIOException {
    int usage = ca ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature;
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(ca));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(usage));
    if (!names.isEmpty()) {
      var san = new GeneralNames(names.toArray(GeneralName[]::new));
      builder.addExtension(Extension.subjectAlternativeName, critical, san);
    }
  }

  private static X500Name name(String commonName) {
    return commonName.isEmpty() ? new X500Name(new RDN[0]) : new X500Name("CN=" + commonName);
  }

  private static KeyPair newKeys() {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
