package io.signet.ca.telemetry;

import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.authorization.Grant;
import io.signet.ca.issuance.GrantedIssuance;
import io.signet.ca.issuance.IssuanceOutcome;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Issuance of what was granted before, such as to a stream, with every decision measured and
 * audited. istiod's names count requests only, and these are none.
 */
public final class ObservedGrants implements GrantedIssuance {

  private final GrantedIssuance issuance;
  private final IssuanceTimers timers;
  private final AuditLog audit;
  private final LongSupplier nanoTime;

  /**
   * @param nanoTime as {@link System#nanoTime}
   */
  public ObservedGrants(
      GrantedIssuance issuance, MeterRegistry registry, AuditLog audit, LongSupplier nanoTime) {
    this.issuance = issuance;
    this.timers = new IssuanceTimers(registry, "grant");
    this.audit = audit;
    this.nanoTime = nanoTime;
  }

  @Override
  public IssuanceOutcome issue(Grant grant, List<String> hosts, PublicKey key) {
    long begin = nanoTime.getAsLong();
    IssuanceOutcome outcome;
    try {
      outcome = issuance.issue(grant, hosts, key);
    } catch (RuntimeException | Error e) {
      timers.failed(since(begin));
      audit.failed(List.of(), e);
      throw e;
    }
    timers.decided(outcome, since(begin));
    audit.decided(List.of(), outcome);
    return outcome;
  }

  private Duration since(long begin) {
    return Duration.ofNanos(nanoTime.getAsLong() - begin);
  }
}
