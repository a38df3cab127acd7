package io.signet.ca.signing;

import io.signet.ca.x509.CertificateTemplate;
import io.signet.hsm.KeyHandle;
import io.signet.spiffe.SerialNumber;
import java.security.cert.X509Certificate;
import java.util.Optional;

/**
 * A certificate that is built and linted and not yet signed. Only {@link CertificateSigner} makes
 * one, so that what is recorded and signed was linted (ISS-3, ISS-5). Immutable.
 */
public final class Draft {

  private final CertificateProfile profile;
  private final CertificateTemplate template;
  private final SerialNumber serial;
  private final KeyHandle key;
  private final Optional<X509Certificate> issuer;
  private final byte[] tbs;

  /**
   * @param issuer the certificate of the key that will sign; empty when the certificate is its own
   *     issuer
   */
  Draft(
      CertificateProfile profile,
      CertificateTemplate template,
      SerialNumber serial,
      KeyHandle key,
      Optional<X509Certificate> issuer,
      byte[] tbs) {
    this.profile = profile;
    this.template = template;
    this.serial = serial;
    this.key = key;
    this.issuer = issuer;
    this.tbs = tbs.clone();
  }

  CertificateProfile profile() {
    return profile;
  }

  CertificateTemplate template() {
    return template;
  }

  SerialNumber serial() {
    return serial;
  }

  KeyHandle key() {
    return key;
  }

  Optional<X509Certificate> issuer() {
    return issuer;
  }

  byte[] tbs() {
    return tbs.clone();
  }

  @Override
  public String toString() {
    return "Draft[" + profile + ", serial " + serial + "]";
  }
}
