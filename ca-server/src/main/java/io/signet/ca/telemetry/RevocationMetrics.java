package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.revocation.CrlDelivery.Withheld;
import io.signet.ca.revocation.Revocation;
import io.signet.ca.revocation.RevocationState;
import java.time.Clock;
import java.time.Instant;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** What is revoked, and whether others can know. */
public final class RevocationMetrics {

  private final MeterRegistry registry;
  private final Supplier<RevocationState> state;

  private RevocationMetrics(MeterRegistry registry, Supplier<RevocationState> state) {
    this.registry = registry;
    this.state = state;
  }

  /**
   * Reads the state at each scrape.
   *
   * @param state must not block
   */
  public static void bind(MeterRegistry registry, Clock clock, Supplier<RevocationState> state) {
    RevocationMetrics metrics = new RevocationMetrics(registry, state);
    metrics.gauge(
        "signet.revoked",
        "Revoked certificates that have not expired",
        now -> living(now, clock.instant()));
    metrics.gauge(
        "signet.revoked.unlisted",
        "Revoked certificates that have not expired and that no CRL names",
        now -> now.unlisted(clock.instant()).size());
    metrics.gauge(
        "signet.denied", "Identities that get no certificate", now -> now.denied().size());
    metrics.gauge(
        "signet.crl.withheld",
        "Whether something is revoked and proxies get no CRLs",
        now -> now.delivery() instanceof Withheld ? 1 : 0);
    metrics.gauge(
        "signet.crl.problems", "CRLs that could not be signed", now -> now.problems().size());
  }

  private void gauge(String name, String description, ToDoubleFunction<RevocationState> value) {
    var _ =
        Gauge.builder(name, () -> value.applyAsDouble(state.get()))
            .description(description)
            .strongReference(true)
            .register(registry);
  }

  private static long living(RevocationState state, Instant now) {
    return state.revoked().stream().map(Revocation::notAfter).filter(now::isBefore).count();
  }
}
