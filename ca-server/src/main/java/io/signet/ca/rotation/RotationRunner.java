package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Step.Destroy;
import io.signet.ca.rotation.Step.Make;
import io.signet.ca.rotation.Step.MoveOn;
import io.signet.ca.rotation.Step.Wait;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;

/**
 * Takes the steps of a rotation that are due, while this replica leads: each is in the journal
 * before what follows from it is done, and can be done twice. For one thread at a time.
 */
public final class RotationRunner {

  /** Who makes the steps that nobody asked for. */
  static final String SELF = "signet";

  /** Hears of the steps that were taken; must not block. */
  public interface Listener {
    void moved(JournalEntry entry);
  }

  private final RotationJournal journal;
  private final Rotations rotations;
  private final RotatedKeys keys;
  private final Leadership leadership;
  private final Listener listener;
  private final Clock clock;

  public RotationRunner(
      RotationJournal journal,
      Rotations rotations,
      RotatedKeys keys,
      Leadership leadership,
      Listener listener,
      Clock clock) {
    this.journal = journal;
    this.rotations = rotations;
    this.keys = keys;
    this.leadership = leadership;
    this.listener = listener;
    this.clock = clock;
  }

  /** Takes all steps that are due now; none while another replica leads. */
  public void run() throws LedgerException, RotationException {
    while (leadership.leads()) {
      Optional<JournalEntry> last = journal.last();
      if (last.isEmpty() || !step(last.get())) {
        return;
      }
    }
  }

  // Whoever was faster has changed the state, so it is looked at again.
  private boolean step(JournalEntry last) throws LedgerException, RotationException {
    return switch (rotations.next(last.state())) {
      case Wait _ -> false;
      case MoveOn(RotationState to, String reason) -> {
        append(last, to, reason);
        yield true;
      }
      case Make(Generation next) -> {
        keys.make(next);
        yield true;
      }
      case Destroy(Generation doomed, RotationState then) -> {
        keys.destroy(doomed);
        append(last, then, "the key %s is destroyed".formatted(doomed.label()));
        yield true;
      }
    };
  }

  private void append(JournalEntry last, RotationState to, String reason) throws LedgerException {
    Instant now = clock.instant();
    JournalEntry entry = new JournalEntry(last.number() + 1, now, SELF, reason, to);
    if (journal.append(entry)) {
      listener.moved(entry);
    }
  }
}
