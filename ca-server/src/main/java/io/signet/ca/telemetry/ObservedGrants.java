package io.signet.ca.telemetry;

import io.signet.ca.authorization.Grant;
import io.signet.ca.issuance.GrantedIssuance;
import io.signet.ca.issuance.IssuanceOutcome;
import java.security.PublicKey;
import java.util.List;

/** Issuance of what was granted before, such as to a stream, with every decision audited. */
public final class AuditedGrants implements GrantedIssuance {

  private final GrantedIssuance issuance;
  private final AuditLog audit;

  public AuditedGrants(GrantedIssuance issuance, AuditLog audit) {
    this.issuance = issuance;
    this.audit = audit;
  }

  @Override
  public IssuanceOutcome issue(Grant grant, List<String> hosts, PublicKey key) {
    IssuanceOutcome outcome = issuance.issue(grant, hosts, key);
    audit.decided(List.of(), outcome);
    return outcome;
  }
}
