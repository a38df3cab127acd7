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
import java.util.Optional;
import java.util.OptionalInt;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
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

  /**
   * What a CA certificate says; each test changes one thing.
   *
   * @param uri the SPIFFE ID in it
   * @param keyId what it calls its own key
   * @param permitted the only URI host that may be below it
   */
  public record Shape(
      String name,
      boolean ca,
      OptionalInt pathLength,
      Optional<String> uri,
      Optional<byte[]> keyId,
      Optional<String> permitted,
      int usage,
      Instant from,
      Instant until,
      String signature) {

    public static Shape named(String name) {
      return new Shape(
          name,
          true,
          OptionalInt.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          KeyUsage.keyCertSign | KeyUsage.cRLSign,
          Fixtures.NOW.minusSeconds(120),
          Fixtures.NOW.plus(Duration.ofDays(365)),
          "SHA256withECDSA");
    }

    public Shape leaf() {
      return new Shape(
          name, false, pathLength, uri, keyId, permitted, usage, from, until, signature);
    }

    public Shape pathLength(int length) {
      return new Shape(
          name, ca, OptionalInt.of(length), uri, keyId, permitted, usage, from, until, signature);
    }

    public Shape uri(String other) {
      return new Shape(
          name,
          ca,
          pathLength,
          Optional.of(other),
          keyId,
          permitted,
          usage,
          from,
          until,
          signature);
    }

    public Shape keyId(byte... other) {
      return new Shape(
          name, ca, pathLength, uri, Optional.of(other), permitted, usage, from, until, signature);
    }

    public Shape permitting(String host) {
      return new Shape(
          name, ca, pathLength, uri, keyId, Optional.of(host), usage, from, until, signature);
    }

    public Shape usage(int other) {
      return new Shape(name, ca, pathLength, uri, keyId, permitted, other, from, until, signature);
    }

    public Shape from(Instant other) {
      return new Shape(name, ca, pathLength, uri, keyId, permitted, usage, other, until, signature);
    }

    public Shape until(Instant other) {
      return new Shape(name, ca, pathLength, uri, keyId, permitted, usage, from, other, signature);
    }

    public Shape signedBy(String other) {
      return new Shape(name, ca, pathLength, uri, keyId, permitted, usage, from, until, other);
    }
  }

  public static ForeignCa root(String name) {
    return root(Shape.named(name));
  }

  public static ForeignCa root(Shape shape) {
    KeyPair keys = Certified.newKeys();
    return new ForeignCa(made(shape, "CN=" + shape.name(), keys.getPublic(), keys), keys);
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
              Date.from(shape.from()),
              Date.from(shape.until()),
              new X500Name("CN=" + shape.name()),
              subject);
      extend(builder, shape);
      var signer = new JcaContentSignerBuilder(shape.signature()).build(signing.getPrivate());
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
        shape.pathLength().isPresent()
            ? new BasicConstraints(shape.pathLength().getAsInt())
            : new BasicConstraints(shape.ca()));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(shape.usage()));
    if (shape.uri().isPresent()) {
      builder.addExtension(
          Extension.subjectAlternativeName, false, new GeneralNames(uri(shape.uri().get())));
    }
    if (shape.keyId().isPresent()) {
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new org.bouncycastle.asn1.x509.SubjectKeyIdentifier(shape.keyId().get()));
    }
    if (shape.permitted().isPresent()) {
      var subtree = new GeneralSubtree(uri(shape.permitted().get()));
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
