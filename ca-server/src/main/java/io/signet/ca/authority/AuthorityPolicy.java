package io.signet.ca.authority;

import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.TrustDomain;
import java.time.Duration;

/**
 * How authorities are made.
 *
 * @param algorithm of the root's and the issuing authority's key
 * @param rootLifetime of a root that is made
 * @param issuingLifetime of each issuing authority, never beyond the root's end
 */
public record AuthorityPolicy(
    TrustDomain trustDomain,
    KeyAlgorithm algorithm,
    Duration rootLifetime,
    Duration issuingLifetime) {}
