package io.signet.e2e.bench;

import java.time.Duration;
import java.util.Optional;

/**
 * What {@code bench sds} does with each number of proxies.
 *
 * @param warmup how many proxies come and go before anything is measured
 * @param tls whether proxies come by TLS; else over the Unix socket
 * @param pace how they come
 * @param lifetime of an SVID; it is renewed after a little less than half of that
 * @param bundleName what the second stream of a proxy asks for
 * @param renewals how long renewals are watched; empty: not at all
 * @param newcomers that come meanwhile
 */
record SdsPlan(
    int warmup,
    boolean tls,
    ProxyFleet.Pace pace,
    Duration lifetime,
    String bundleName,
    Optional<Duration> renewals,
    Rate newcomers) {

  private static final String ALL = "ALL";

  /** Whether the second stream hears of the bundle of another trust domain. */
  boolean isFederated() {
    return bundleName.equals(ALL) || bundleName.equals(ForeignBundle.DOMAIN.id().toString());
  }

  ProxyWire wire() {
    return new ProxyWire(tls ? "localhost" : "sds_uds", tls, SdsApi.SOTW, bundleName);
  }
}
