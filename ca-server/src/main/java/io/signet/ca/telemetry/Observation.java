package io.signet.ca.telemetry;

import io.signet.ca.issuance.IssuanceOutcome;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Measures and audits issuance, whatever it ends with. Safe for use by many threads. */
final class Observation {

  /** Where measurements go. */
  interface Measures {
    void decided(IssuanceOutcome outcome, Duration took);

    /** It ended without an outcome. */
    void failed(Duration took);
  }

  private final Measures measures;
  private final AuditLog audit;
  private final LongSupplier nanoTime;

  /**
   * @param nanoTime as {@link System#nanoTime}
   */
  Observation(Measures measures, AuditLog audit, LongSupplier nanoTime) {
    this.measures = measures;
    this.audit = audit;
    this.nanoTime = nanoTime;
  }

  IssuanceOutcome of(Asker asker, Supplier<IssuanceOutcome> issuance) {
    long begin = nanoTime.getAsLong();
    IssuanceOutcome outcome;
    try {
      outcome = issuance.get();
    } catch (RuntimeException | Error e) {
      measures.failed(since(begin));
      audit.failed(asker, e);
      throw e;
    }
    measures.decided(outcome, since(begin));
    audit.decided(asker, outcome);
    return outcome;
  }

  private Duration since(long begin) {
    return Duration.ofNanos(nanoTime.getAsLong() - begin);
  }
}
