package io.signet.e2e;

import io.signet.attestation.x509.Certified;
import io.signet.ca.testing.ForeignCa;
import io.signet.ca.testing.ForeignCa.Shape;
import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.TrustAnchors;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import io.signet.spiffe.X509Svid;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.jcajce.JcaBasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.jcajce.JcaCertificateID;
import org.bouncycastle.operator.DigestCalculator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** A CA of a trust domain that says what a test has it say: also CRLs and OCSP responses. */
record PlayedCa(TrustDomain domain, ForeignCa ca) {
  private static final String SIGNATURE = "SHA256withECDSA";
  private static final Duration DAY = Duration.ofDays(1);
  private static final int SUPERSEDED = 4;

  /** A root of this trust domain; two of them differ by their names. */
  static PlayedCa of(TrustDomain domain, String name) {
    return new PlayedCa(domain, ForeignCa.root(lasting(Shape.named(name))));
  }

  private static Shape lasting(Shape shape) {
    Instant now = Instant.now();
    return shape.from(now.minus(DAY)).until(now.plus(DAY));
  }

  /** A certificate and its key. */
  record Identity(X509Certificate certificate, KeyPair keys) {

    /** As it is delivered. */
    TlsCertificate secret() {
      return secret(Optional.empty());
    }

    /** As it is delivered with an OCSP response. */
    TlsCertificate secret(Optional<byte[]> staple) {
      return new TlsCertificate(
          X509Svid.of(List.of(certificate)),
          SecretBytes.copyOf(keys.getPrivate().getEncoded()),
          staple,
          1);
    }

    /** The same certificate with a key that is not its own. */
    Identity withKeyOf(Identity other) {
      return new Identity(certificate, other.keys());
    }

    /** As Envoy's admin interface prints it. */
    String serial() {
      String digits = certificate.getSerialNumber().toString(16);
      return digits.length() % 2 == 0 ? digits : "0" + digits;
    }
  }

  /** A new certificate of this identity, with a new key. */
  Identity issue(SpiffeId id) {
    return issue(id, Certified.newKeys());
  }

  /** A new certificate of this identity. */
  Identity issue(SpiffeId id, KeyPair keys) {
    Shape leaf =
        lasting(Shape.named("workload")).leaf().uri(id.toString()).usage(KeyUsage.digitalSignature);
    return new Identity(ca.sign(leaf, keys.getPublic()), keys);
  }

  /** Whom to trust in this trust domain: this CA. */
  TrustAnchors anchors(X509CRL... crls) {
    return anchors(List.of(this), crls);
  }

  /** Whom to trust in the trust domain of these CAs. */
  static TrustAnchors anchors(List<PlayedCa> all, X509CRL... crls) {
    List<X509Certificate> roots = all.stream().map(each -> each.ca().certificate()).toList();
    TrustDomain domain = all.getFirst().domain();
    return new TrustAnchors(new TrustBundle(domain, 0, roots, Optional.empty()), List.of(crls));
  }

  /** What this CA has revoked. */
  X509CRL crl(Identity... revoked) {
    Date now = Date.from(Instant.now());
    var crl = new JcaX509v2CRLBuilder(ca.certificate(), now);
    crl.setNextUpdate(Date.from(Instant.now().plus(DAY)));
    for (Identity each : revoked) {
      crl.addCRLEntry(each.certificate().getSerialNumber(), now, SUPERSEDED);
    }
    try {
      var signer = new JcaContentSignerBuilder(SIGNATURE).build(ca.keys().getPrivate());
      return new JcaX509CRLConverter().getCRL(crl.build(signer));
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new AssertionError(e);
    }
  }

  /** That this certificate is good from now on until then. */
  byte[] ocsp(Identity good, Instant until) {
    try {
      DigestCalculator sha1 =
          new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1);
      var id = new JcaCertificateID(sha1, ca.certificate(), good.certificate().getSerialNumber());
      var response =
          new JcaBasicOCSPRespBuilder(ca.certificate().getSubjectX500Principal())
              .addResponse(
                  id,
                  CertificateStatus.GOOD,
                  Date.from(Instant.now().minusSeconds(1)),
                  Date.from(until))
              .build(
                  new JcaContentSignerBuilder(SIGNATURE).build(ca.keys().getPrivate()),
                  null,
                  Date.from(Instant.now()));
      return new OCSPRespBuilder().build(OCSPRespBuilder.SUCCESSFUL, response).getEncoded();
    } catch (GeneralSecurityException | OperatorCreationException | OCSPException | IOException e) {
      throw new AssertionError(e);
    }
  }
}
