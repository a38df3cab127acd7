package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/**
 * When the roots and the chain end, under istiod's names (ISTIO-75). Read at each scrape, so a
 * renewal shows at once (istio#55464).
 */
public final class ExpiryMetrics {
  private final MeterRegistry registry;
  private final Clock clock;

  private ExpiryMetrics(MeterRegistry registry, Clock clock) {
    this.registry = registry;
    this.clock = clock;
  }

  /**
   * Each pair tells the first end among its certificates: as Unix time, and in seconds from now;
   * NaN while there are none.
   *
   * @param roots all that are distributed
   * @param chain the issuing authority that signs now, and those above it
   */
  public static void bind(
      MeterRegistry registry,
      Clock clock,
      Supplier<List<X509Certificate>> roots,
      Supplier<List<X509Certificate>> chain) {
    var metrics = new ExpiryMetrics(registry, clock);
    metrics.bind("citadel_server_root_cert_expiry", roots);
    metrics.bind("citadel_server_cert_chain_expiry", chain);
  }

  private void bind(String name, Supplier<List<X509Certificate>> certificates) {
    gauge(name + "_timestamp", () -> firstEnd(certificates.get()));
    gauge(name + "_seconds", () -> firstEnd(certificates.get()) - clock.instant().getEpochSecond());
  }

  private void gauge(String name, Supplier<Number> value) {
    var _ = Gauge.builder(name, value).strongReference(true).register(registry);
  }

  private static double firstEnd(List<X509Certificate> certificates) {
    return certificates.stream()
        .map(certificate -> certificate.getNotAfter().toInstant())
        .min(Instant::compareTo)
        .map(end -> (double) end.getEpochSecond())
        .orElse(Double.NaN);
  }
}
