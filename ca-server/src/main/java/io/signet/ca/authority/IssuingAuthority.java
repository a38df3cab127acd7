package io.signet.ca.authority;

import io.signet.ca.signing.Authority;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * The authority that signs leaves now.
 *
 * @param chain what every leaf carries after itself: this authority's certificate, without the root
 * @param renewAt when the next one shall take over
 */
public record IssuingAuthority(Authority authority, List<X509Certificate> chain, Instant renewAt) {
  public IssuingAuthority {
    chain = List.copyOf(chain);
  }
}
