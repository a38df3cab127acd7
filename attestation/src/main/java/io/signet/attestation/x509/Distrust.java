package io.signet.attestation.x509;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * Certificates of ours that count no more though they are valid: they were revoked, or a key above
 * them is in wrong hands. Safe for use by many threads; must not block.
 */
@FunctionalInterface
public interface Distrust {

  /** Everything valid counts. */
  Distrust NONE = _ -> Optional.empty();

  /**
   * Why a certificate counts no more, if so.
   *
   * @param path from the leaf up to what a root has signed, without that root; not verified yet
   */
  Optional<String> of(List<X509Certificate> path);

  /** What either of both says. */
  default Distrust or(Distrust other) {
    return path -> of(path).or(() -> other.of(path));
  }
}
