package io.signet.ca.app;

import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.bundle.FederatedBundles;
import io.signet.ca.http.Readiness;
import io.signet.ca.ledger.IssuanceLedger;
import java.util.ArrayList;
import java.util.List;

/** What keeps this server from issuing now, to all or to some callers. */
final class ServerReadiness implements Readiness {

  private final Authorities authorities;
  private final IssuanceLedger ledger;
  private final CallerAttestors callers;
  private final JwtIssuers issuers;
  private final KeyCustody custody;
  private final FederatedBundles federated;
  private final boolean custodianSignsLeaves;

  ServerReadiness(
      Authorities authorities,
      IssuanceLedger ledger,
      CallerAttestors callers,
      JwtIssuers issuers,
      KeyCustody custody,
      FederatedBundles federated,
      boolean custodianSignsLeaves) {
    this.authorities = authorities;
    this.ledger = ledger;
    this.callers = callers;
    this.issuers = issuers;
    this.custody = custody;
    this.federated = federated;
    this.custodianSignsLeaves = custodianSignsLeaves;
  }

  @Override
  public List<Problem> problems() {
    List<Problem> problems = new ArrayList<>();
    callers
        .problems()
        .forEach(why -> problems.add(new Problem("attestation.kubernetes", why, false)));
    issuers.problem().ifPresent(why -> problems.add(new Problem("attestation.jwt", why, false)));
    federated.problems().forEach(why -> problems.add(new Problem("federation", why, false)));
    // An issuing authority in memory signs on, and the custodian may be back in time.
    custody
        .problem()
        .ifPresent(why -> problems.add(new Problem("keys", why, custodianSignsLeaves)));
    try {
      var _ = authorities.active();
    } catch (AuthorityException e) {
      problems.add(new Problem("authority", String.valueOf(e.getMessage()), true));
    }
    ledger.problem().ifPresent(why -> problems.add(new Problem("store", why, true)));
    return problems;
  }
}
