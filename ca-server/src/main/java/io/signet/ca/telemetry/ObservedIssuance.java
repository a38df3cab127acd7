package io.signet.ca.telemetry;

import io.micrometer.core.instrument.MeterRegistry;
import io.signet.attestation.Evidence;
import io.signet.ca.grpc.CsrEvents;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.Issuance;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceRequest;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Issuance, with every decision measured and audited; also of the requests that never reached it.
 */
public final class ObservedIssuance implements Issuance, CsrEvents {
  private final Issuance issuance;
  private final IssuanceMetrics metrics;
  private final AuditLog audit;
  private final Observation observation;

  /**
   * @param nanoTime as {@link System#nanoTime}
   */
  public ObservedIssuance(
      Issuance issuance, MeterRegistry registry, AuditLog audit, LongSupplier nanoTime) {
    this.issuance = issuance;
    this.metrics = new IssuanceMetrics(registry);
    this.audit = audit;
    this.observation = new Observation(metrics, audit, nanoTime);
  }

  @Override
  public IssuanceOutcome issue(IssuanceRequest request) {
    return observation.of(Asker.of(request.call(), request.shown()), () -> issuance.issue(request));
  }

  @Override
  public void refused(Call call, List<Evidence> shown, Refused refused) {
    metrics.decided(refused, Duration.ZERO);
    audit.decided(Asker.of(call, shown), refused);
  }

  @Override
  public void abandoned(Call call, List<Evidence> shown, Duration limit) {
    metrics.abandoned();
    audit.abandoned(Asker.of(call, shown), limit);
  }
}
