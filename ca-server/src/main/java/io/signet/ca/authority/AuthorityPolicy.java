package io.signet.ca.authority;

import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.TrustDomain;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How authorities are made.
 *
 * @param algorithm of the CA's and the issuing authority's key
 * @param rootLifetime of a root that is made when there is no CA yet; empty: none is made, the CA's
 *     certificate comes from elsewhere
 * @param issuingLifetime of each issuing authority, never beyond the CA's end
 * @param direct whether the CA signs leaves itself, without an issuing authority between
 * @param hosts names that leaves may have besides their SPIFFE IDs
 */
public record AuthorityPolicy(
    TrustDomain trustDomain,
    KeyAlgorithm algorithm,
    Optional<Duration> rootLifetime,
    Duration issuingLifetime,
    boolean direct,
    List<String> hosts) {

  public AuthorityPolicy {
    hosts = List.copyOf(hosts);
  }

  /** What a CA has to be for us now, with CAs below it or without. */
  ChainCheck check(int below, Instant now, Instant until) {
    return new ChainCheck(trustDomain, hosts, below, now, until);
  }

  /** How many CAs there are between the CA and the leaves. */
  int below() {
    return direct ? 0 : 1;
  }
}
