package io.signet.ca.testing;

import io.signet.attestation.x509.Certified;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A CA that is not ours, with its key: an enterprise's, or Istio's. It signs what it is asked to.
 */
public record ForeignCa(X509Certificate certificate, KeyPair keys) {

  /** What a CA certificate says; each test changes one thing. Immutable from outside. */
  public static final class Shape {
    private final String name;
    private boolean ca = true;
    private OptionalInt pathLength = OptionalInt.empty();
    private Optional<String> uri = Optional.empty();
    private Optional<byte[]> keyId = Optional.empty();
    private Optional<GeneralName> permitted = Optional.empty();
    private int usage = KeyUsage.keyCertSign | KeyUsage.cRLSign;
    private boolean critical = true;
    private List<KeyPurposeId> purposes = List.of();
    private Instant from = Fixtures.NOW.minusSeconds(120);
    private Instant until = Fixtures.NOW.plus(Duration.ofDays(365));
    private String signature = "SHA256withECDSA";

    private Shape(String name) {
      this.name = name;
    }

    public static Shape named(String name) {
      return new Shape(name);
    }

    private Shape with(Consumer<Shape> change) {
      Shape other = new Shape(name);
      other.ca = ca;
      other.pathLength = pathLength;
      other.uri = uri;
      other.keyId = keyId;
      other.permitted = permitted;
      other.usage = usage;
      other.critical = critical;
      other.purposes = purposes;
      other.from = from;
      other.until = until;
      other.signature = signature;
      change.accept(other);
      return other;
    }

    public Shape leaf() {
      return with(shape -> shape.ca = false);
    }

    public Shape pathLength(int length) {
      return with(shape -> shape.pathLength = OptionalInt.of(length));
    }

    public Shape uri(String id) {
      return with(shape -> shape.uri = Optional.of(id));
    }

    /** What it calls its own key. */
    public Shape keyId(byte... id) {
      return with(shape -> shape.keyId = Optional.of(id));
    }

    /** The only host of a URI that may be below it. */
    public Shape permitting(String host) {
      return with(shape -> shape.permitted = Optional.of(ForeignCa.uri(host)));
    }

    /** The only DNS names that may be below it: this one and those under it. */
    public Shape permittingHosts(String domain) {
      return with(
          shape -> shape.permitted = Optional.of(new GeneralName(GeneralName.dNSName, domain)));
    }

    public Shape usage(int bits) {
      return with(shape -> shape.usage = bits);
    }

    public Shape usageNotCritical() {
      return with(shape -> shape.critical = false);
    }

    public Shape purposes(KeyPurposeId... extended) {
      return with(shape -> shape.purposes = List.of(extended));
    }

    public Shape from(Instant begin) {
      return with(shape -> shape.from = begin);
    }

    public Shape until(Instant end) {
      return with(shape -> shape.until = end);
    }

    public Shape signedBy(String algorithm) {
      return with(shape -> shape.signature = algorithm);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  public static ForeignCa root(String name) {
    return root(Shape.named(name));
  }

  public static ForeignCa root(Shape shape) {
    KeyPair keys = Certified.newKeys();
    return new ForeignCa(made(shape, "CN=" + shape.name, keys.getPublic(), keys), keys);
  }

  /** A CA below this one, with a key of its own. */
  public ForeignCa below(Shape shape) {
    KeyPair subject = Certified.newKeys();
    return new ForeignCa(sign(shape, subject.getPublic()), subject);
  }

  /** A CA below this one, whose key is somebody else's. */
  public X509Certificate sign(Shape shape, PublicKey key) {
    return made(shape, certificate.getSubjectX500Principal().getName(), key, keys);
  }

  private static X509Certificate made(
      Shape shape, String issuer, PublicKey subject, KeyPair signing) {
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              new X500Name(issuer),
              BigInteger.valueOf(System.nanoTime()),
              Date.from(shape.from),
              Date.from(shape.until),
              new X500Name("CN=" + shape.name),
              subject);
      extend(builder, shape);
      var signer = new JcaContentSignerBuilder(shape.signature).build(signing.getPrivate());
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new AssertionError(e);
    }
  }

  private static void extend(JcaX509v3CertificateBuilder builder, Shape shape)
      throws CertIOException {
    builder.addExtension(
        Extension.basicConstraints,
        true,
        shape.pathLength.isPresent()
            ? new BasicConstraints(shape.pathLength.getAsInt())
            : new BasicConstraints(shape.ca));
    builder.addExtension(Extension.keyUsage, shape.critical, new KeyUsage(shape.usage));
    if (!shape.purposes.isEmpty()) {
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(shape.purposes.toArray(KeyPurposeId[]::new)));
    }
    if (shape.uri.isPresent()) {
      builder.addExtension(
          Extension.subjectAlternativeName, false, new GeneralNames(uri(shape.uri.get())));
    }
    if (shape.keyId.isPresent()) {
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new org.bouncycastle.asn1.x509.SubjectKeyIdentifier(shape.keyId.get()));
    }
    if (shape.permitted.isPresent()) {
      var subtree = new GeneralSubtree(shape.permitted.get());
      builder.addExtension(
          Extension.nameConstraints,
          true,
          new NameConstraints(new GeneralSubtree[] {subtree}, null));
    }
  }

  private static GeneralName uri(String uri) {
    return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
  }
}
