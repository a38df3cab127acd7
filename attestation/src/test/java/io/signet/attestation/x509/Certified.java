package io.signet.attestation.x509;

import io.signet.attestation.Evidence.ClientCertificate;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A certificate with its key. It signs whatever it is asked to, also what it may not.
 *
 * @param above those above it, without the root
 */
public record Certified(X509Certificate certificate, KeyPair keys, List<X509Certificate> above) {

  public static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  /** What a certificate says; each test changes one thing. */
  public record Shape(
      String subject,
      List<GeneralName> names,
      boolean ca,
      int usage,
      List<KeyPurposeId> purposes,
      Instant from,
      Instant until) {

    public static Shape workload(String... uris) {
      return new Shape(
          "",
          Stream.of(uris).map(Shape::uri).toList(),
          false,
          KeyUsage.digitalSignature,
          List.of(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth),
          NOW.minusSeconds(120),
          NOW.plus(Duration.ofHours(1)));
    }

    public static Shape authority(String name) {
      return new Shape(
          name,
          List.of(uri("spiffe://example.org")),
          true,
          KeyUsage.keyCertSign | KeyUsage.cRLSign,
          List.of(),
          NOW.minusSeconds(120),
          NOW.plus(Duration.ofDays(7)));
    }

    private static GeneralName uri(String uri) {
      return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
    }

    public Shape withSubject(String other) {
      return new Shape(other, names, ca, usage, purposes, from, until);
    }

    public Shape withName(GeneralName name) {
      return new Shape(subject, List.of(name), ca, usage, purposes, from, until);
    }

    public Shape withCa() {
      return new Shape(subject, names, true, usage, purposes, from, until);
    }

    public Shape withUsage(int other) {
      return new Shape(subject, names, ca, other, purposes, from, until);
    }

    public Shape withPurposes(KeyPurposeId... others) {
      return new Shape(subject, names, ca, usage, List.of(others), from, until);
    }

    public Shape from(Instant other) {
      return new Shape(subject, names, ca, usage, purposes, other, until);
    }

    public Shape until(Instant other) {
      return new Shape(subject, names, ca, usage, purposes, from, other);
    }
  }

  public static Certified root(String name) {
    return root(Shape.authority(name).until(NOW.plus(Duration.ofDays(365))));
  }

  public static Certified root(Shape shape) {
    KeyPair keys = newKeys();
    return new Certified(made(shape, shape.subject(), keys, keys), keys, List.of());
  }

  public Certified authority(String name) {
    return sign(Shape.authority(name));
  }

  public Certified workload(String... uris) {
    return sign(Shape.workload(uris));
  }

  public Certified sign(Shape shape) {
    KeyPair subject = newKeys();
    String issuer = certificate.getSubjectX500Principal().getName().replace("CN=", "");
    return new Certified(
        made(shape, issuer, subject, keys), subject, isRoot() ? List.of() : chain());
  }

  /** The certificate, then those above it, without the root. */
  public List<X509Certificate> chain() {
    return Stream.concat(Stream.of(certificate), above.stream()).toList();
  }

  /** It and those above it as a client shows them, with more at the end. */
  public ClientCertificate shown(X509Certificate... more) {
    return new ClientCertificate(Stream.concat(chain().stream(), Stream.of(more)).toList());
  }

  private boolean isRoot() {
    return certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal());
  }

  private static X509Certificate made(
      Shape shape, String issuer, KeyPair subject, KeyPair signing) {
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              name(issuer),
              BigInteger.valueOf(System.nanoTime()),
              Date.from(shape.from()),
              Date.from(shape.until()),
              name(shape.subject()),
              subject.getPublic());
      extend(builder, shape);
      var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(signing.getPrivate());
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new AssertionError(e);
    }
  }

  private static void extend(JcaX509v3CertificateBuilder builder, Shape shape)
      throws CertIOException {
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(shape.ca()));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(shape.usage()));
    if (!shape.purposes().isEmpty()) {
      var purposes = new ExtendedKeyUsage(shape.purposes().toArray(KeyPurposeId[]::new));
      builder.addExtension(Extension.extendedKeyUsage, false, purposes);
    }
    if (!shape.names().isEmpty()) {
      var names = new GeneralNames(shape.names().toArray(GeneralName[]::new));
      boolean critical = shape.subject().isEmpty();
      builder.addExtension(Extension.subjectAlternativeName, critical, names);
    }
  }

  private static X500Name name(String commonName) {
    return commonName.isEmpty() ? new X500Name(new RDN[0]) : new X500Name("CN=" + commonName);
  }

  /** Of P-256. */
  public static KeyPair newKeys() {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
