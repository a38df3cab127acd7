package io.signet.ca.store;

import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerException;
import io.signet.spiffe.SerialNumber;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A ledger that tells between which steps an issuance is, before it goes on.
 *
 * @param ledger the real one, asked for anew each time
 */
record WatchedLedger(Supplier<? extends IssuanceLedger> ledger, Consumer<Step> watcher)
    implements IssuanceLedger {

  /** Between two steps of docs/issuance.md, where the ledger is in one of them. */
  enum Step {
    /** 4 to 5. */
    BEFORE_INTENT,
    /** 5 to 6. */
    BEFORE_SIGNATURE,
    /** 6 to 7. */
    BEFORE_RESULT,
    /** 7 to 8. */
    BEFORE_ANSWER
  }

  @Override
  public void intend(Intent intent) throws LedgerException {
    watcher.accept(Step.BEFORE_INTENT);
    ledger.get().intend(intent);
    watcher.accept(Step.BEFORE_SIGNATURE);
  }

  @Override
  public void issued(SerialNumber serial, byte[] signature) throws LedgerException {
    watcher.accept(Step.BEFORE_RESULT);
    ledger.get().issued(serial, signature);
    watcher.accept(Step.BEFORE_ANSWER);
  }

  @Override
  public void withdraw(SerialNumber serial) throws LedgerException {
    ledger.get().withdraw(serial);
  }

  @Override
  public void unreceived(SerialNumber serial) throws LedgerException {
    ledger.get().unreceived(serial);
  }

  @Override
  public Optional<LedgerEntry> find(SerialNumber serial) throws LedgerException {
    return ledger.get().find(serial);
  }

  @Override
  public Unfinished reconcile() throws LedgerException {
    return ledger.get().reconcile();
  }

  @Override
  public long unknown(Instant at) throws LedgerException {
    return ledger.get().unknown(at);
  }

  @Override
  public int prune(Instant endedBefore) throws LedgerException {
    return ledger.get().prune(endedBefore);
  }

  @Override
  public Optional<String> problem() {
    return ledger.get().problem();
  }

  @Override
  public void close() {
    ledger.get().close();
  }
}
