package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import java.util.List;
import java.util.Optional;

/**
 * The steps of all rotations of one kind of key, the same for all replicas; nothing is ever changed
 * or removed. Its last entry is the state. Implementations are safe for use by many threads.
 */
public interface RotationJournal {

  /** The newest entry; empty before the first key was made. */
  Optional<JournalEntry> last() throws LedgerException;

  /**
   * Adds an entry; when this returns it survives a crash of the process and of the machine.
   *
   * @return false when there is an entry of this number already: somebody else was faster, and
   *     nothing was recorded
   */
  boolean append(JournalEntry entry) throws LedgerException;

  /** The newest entries, the newest first. */
  List<JournalEntry> newest(int most) throws LedgerException;

  /** All generations that there ever were, the oldest first, also those that came to nothing. */
  List<Generation> generations() throws LedgerException;

  /** The number of the newest of them; 0 when there is none. */
  default int newestGeneration() throws LedgerException {
    List<Generation> all = generations();
    return all.isEmpty() ? 0 : all.getLast().number();
  }
}
