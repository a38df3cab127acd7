package io.signet.ca.signing;

import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.PublicKeys;
import java.security.cert.X509Certificate;
import java.time.Instant;

/**
 * A key that signs certificates, and the certificate that says so. Whoever has one can have drafts
 * prepared for it; to sign with it takes a {@link SigningTicket} (ISS-5).
 */
public final class Authority {

  private final KeyHandle key;
  private final X509Certificate certificate;
  private final Instant notAfter;

  /**
   * Key and certificate belong together (KC-2).
   *
   * @throws IllegalArgumentException when they do not
   */
  public Authority(KeyHandle key, X509Certificate certificate) {
    this(key, certificate, certificate.getNotAfter().toInstant());
  }

  /**
   * As {@link #Authority(KeyHandle, X509Certificate)}, of one whose issuer ends before it does.
   *
   * @param notAfter when nobody believes it any more, at the certificate's own end at the latest
   */
  public Authority(KeyHandle key, X509Certificate certificate, Instant notAfter) {
    if (!PublicKeys.same(key.publicKey(), certificate.getPublicKey())) {
      throw new IllegalArgumentException(
          "key %s is not the key of certificate \"%s\""
              .formatted(key.label(), certificate.getSubjectX500Principal()));
    }
    this.key = key;
    this.certificate = certificate;
    this.notAfter = notAfter;
  }

  KeyHandle key() {
    return key;
  }

  /** Of its key. */
  public KeyLabel label() {
    return key.label();
  }

  public KeyAlgorithm algorithm() {
    return key.algorithm();
  }

  /** Whether its key may still sign; false for good after a signature that did not verify. */
  public boolean inUse() {
    return key.inUse();
  }

  public X509Certificate certificate() {
    return certificate;
  }

  public Instant notBefore() {
    return certificate.getNotBefore().toInstant();
  }

  public Instant notAfter() {
    return notAfter;
  }
}
