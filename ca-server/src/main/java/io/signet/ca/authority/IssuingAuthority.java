package io.signet.ca.authority;

import io.signet.ca.signing.Authority;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * The authority that signs leaves now.
 *
 * @param generation of the CA above it: 1 for the first of the trust domain, and one more for each
 *     that has followed
 * @param chain what every leaf carries after itself: this authority's certificate, without the root
 * @param renewAt when the next one shall take over
 */
public record IssuingAuthority(
    int generation, Authority authority, List<X509Certificate> chain, Instant renewAt) {

  public IssuingAuthority {
    chain = List.copyOf(chain);
  }
}
