package io.signet.ca.ledger;

import io.signet.spiffe.SerialNumber;
import java.time.Instant;
import java.util.Optional;

/**
 * The record of every signature, kept for as long as one may ask for it. Implementations are safe
 * for use by many threads and block until what they promise holds.
 */
public interface IssuanceLedger extends IssuanceRecorder, AutoCloseable {

  /** The entry with this serial number. */
  Optional<LedgerEntry> find(SerialNumber serial) throws LedgerException;

  /**
   * Takes each open intent for one whose result will never be known. For the start, before anything
   * is recorded: what is open then was left by a process that has ended.
   *
   * @return those that were open; none the next time
   */
  Unfinished reconcile() throws LedgerException;

  /** How many certificates whose result will never be known are still valid at this time. */
  long unknown(Instant at) throws LedgerException;

  /**
   * Forgets some of the entries whose certificates ended before this, the oldest first; few enough
   * not to keep others waiting.
   *
   * @return how many; 0 when none is left
   */
  int prune(Instant endedBefore) throws LedgerException;

  /** What keeps it from recording now; empty while it works. Nothing is read for it. */
  Optional<String> problem();

  /** Stops recording; what was recorded stays. */
  @Override
  void close();

  /**
   * Intents without a result: a signature over each may exist.
   *
   * @param first the oldest of them
   */
  record Unfinished(long count, Optional<SerialNumber> first) {}
}
