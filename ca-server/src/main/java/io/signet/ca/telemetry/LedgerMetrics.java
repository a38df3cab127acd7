package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerException;
import java.time.Clock;

/** What the ledger does not know, read at each scrape. */
public final class LedgerMetrics {

  private LedgerMetrics() {}

  /** Valid certificates that may have been signed and were not released; NaN when unreadable. */
  public static void bind(MeterRegistry registry, Clock clock, IssuanceLedger ledger) {
    var _ =
        Gauge.builder("signet.ledger.unknown", () -> unknown(clock, ledger))
            .description("Valid certificates that may have been signed and were not released")
            .strongReference(true)
            .register(registry);
  }

  private static double unknown(Clock clock, IssuanceLedger ledger) {
    try {
      return ledger.unknown(clock.instant());
    } catch (LedgerException e) {
      return Double.NaN;
    }
  }
}
