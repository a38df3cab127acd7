package io.signet.ca.app;

import io.signet.ca.delivery.RenewalException;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * Has the ledger forget the certificates that ended long ago: looks once a minute, and where there
 * are many, does a part of them each second, so that issuance hardly notices.
 */
final class LedgerPruning extends Periodic {

  private static final Duration PAUSE = Duration.ofMinutes(1);
  private static final int STEPS_IN_A_PART = 50;

  private final IssuanceLedger ledger;
  private final Others others;
  private final Duration retention;
  private final Clock clock;

  /** What goes with the entries. */
  interface Others {
    void prune(Instant endedBefore) throws LedgerException;
  }

  /**
   * @param others forgotten once all entries are
   * @param retention how long an entry stays after its certificate has ended
   */
  LedgerPruning(IssuanceLedger ledger, Others others, Duration retention, Clock clock) {
    super(PAUSE, clock);
    this.ledger = ledger;
    this.others = others;
    this.retention = retention;
    this.clock = clock;
  }

  @Override
  public void run() throws RenewalException {
    try {
      Instant endedBefore = clock.instant().minus(retention);
      if (!prunesAll(endedBefore)) {
        return; // due still, and the renewal lets others go first
      }
      others.prune(endedBefore);
      isDone();
    } catch (LedgerException e) {
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }

  private boolean prunesAll(Instant endedBefore) throws LedgerException {
    for (int step = 0; step < STEPS_IN_A_PART; step++) {
      if (ledger.prune(endedBefore) == 0) {
        return true;
      }
    }
    return false;
  }
}
