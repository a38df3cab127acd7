package io.signet.ca.authority;

import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.TrustDomain;
import java.time.Duration;
import java.util.Optional;

/**
 * How authorities are made.
 *
 * @param algorithm of the CA's and the issuing authority's key
 * @param rootLifetime of a root that is made when there is no CA yet; empty: none is made, the CA's
 *     certificate comes from elsewhere
 * @param issuingLifetime of each issuing authority, never beyond the CA's end
 * @param direct whether the CA signs leaves itself, without an issuing authority between
 */
public record AuthorityPolicy(
    TrustDomain trustDomain,
    KeyAlgorithm algorithm,
    Optional<Duration> rootLifetime,
    Duration issuingLifetime,
    boolean direct) {

  /** How many CAs there are between the CA and the leaves. */
  int below() {
    return direct ? 0 : 1;
  }
}
