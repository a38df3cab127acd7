package io.signet.ca.telemetry;

import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.authorization.Grant;
import io.signet.ca.issuance.GrantedIssuance;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.ledger.HolderKey;
import java.security.PublicKey;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Issuance of what was granted before, such as to a stream, with every decision measured and
 * audited. istiod's names count requests only, and these are none.
 */
public final class ObservedGrants implements GrantedIssuance {

  private final GrantedIssuance issuance;
  private final Observation observation;

  /**
   * @param nanoTime as {@link System#nanoTime}
   */
  public ObservedGrants(
      GrantedIssuance issuance, MeterRegistry registry, AuditLog audit, LongSupplier nanoTime) {
    this.issuance = issuance;
    this.observation = new Observation(new IssuanceTimers(registry, "grant"), audit, nanoTime);
  }

  @Override
  public IssuanceOutcome issue(Grant grant, PublicKey key, Optional<HolderKey> holder) {
    return observation.of(Asker.OURSELVES, () -> issuance.issue(grant, key, holder));
  }
}
