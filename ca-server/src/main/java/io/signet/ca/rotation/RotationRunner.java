package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Step.Destroy;
import io.signet.ca.rotation.Step.Make;
import io.signet.ca.rotation.Step.MoveOn;
import io.signet.ca.rotation.Step.Revoke;
import io.signet.ca.rotation.Step.Wait;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Takes the steps of a rotation that are due, while this replica leads: each is in the journal
 * before what follows from it is done, and can be done twice. For one thread at a time.
 */
public final class RotationRunner {

  /** Who makes the steps that nobody asked for. */
  public static final String SELF = "signet";

  /** Hears of the steps that were taken; must not block. */
  public interface Listener {
    void moved(JournalEntry entry);
  }

  /**
   * What the last run has left.
   *
   * @param lagging how many are waited for
   * @param alarms what a person should look at
   */
  public record Outlook(long lagging, List<String> alarms) {

    /** Nobody is waited for. */
    public static final Outlook CLEAR = new Outlook(0, List.of());

    public Outlook {
      alarms = List.copyOf(alarms);
    }

    /** This, and one more thing that a person should look at. */
    public Outlook with(String alarm) {
      return new Outlook(lagging, Stream.concat(alarms.stream(), Stream.of(alarm)).toList());
    }
  }

  private final RotationJournal journal;
  private final Rotations rotations;
  private final RotatedKeys keys;
  private final Leadership leadership;
  private final Listener listener;
  private final Clock clock;
  private Outlook outlook = Outlook.CLEAR;
  private Optional<Asked> asked = Optional.empty();

  /**
   * A question whose answer was to wait. To ask it may cost the store and us a walk over all
   * holders, so that takes a fourth of the time at most.
   *
   * @param step the one after which it was asked
   * @param at when the answer was there
   * @param again when it is to be asked again
   */
  private record Asked(long step, Instant at, Instant again, Outlook answer) {

    private static final int REST = 3; // as many times as long as it took

    // Also where the clock has jumped, or the machine was suspended meanwhile.
    private static final Duration LONGEST_REST = Duration.ofMinutes(1);

    static Asked of(long step, Instant from, Instant to, Outlook answer) {
      Duration rest = Duration.between(from, to).multipliedBy(REST);
      return new Asked(
          step, to, to.plus(rest.compareTo(LONGEST_REST) < 0 ? rest : LONGEST_REST), answer);
    }

    boolean stands(JournalEntry last, Instant now) {
      return step == last.number() && !now.isBefore(at) && now.isBefore(again);
    }
  }

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

  /**
   * Takes all steps that are due now; none while another replica leads. When it was to wait last,
   * and that was a long question, it is not asked again at once, unless another step was taken.
   *
   * @return what is left; clear where another one leads
   */
  public Outlook run() throws LedgerException, RotationException {
    outlook = Outlook.CLEAR;
    while (leadership.leads()) {
      Optional<JournalEntry> last = journal.last();
      if (last.isEmpty() || !step(last.get())) {
        break;
      }
    }
    return outlook;
  }

  // Whoever was faster has changed the state, so it is looked at again.
  private boolean step(JournalEntry last) throws LedgerException, RotationException {
    Instant now = clock.instant();
    Optional<Asked> before = asked.filter(one -> one.stands(last, now));
    if (before.isPresent()) {
      outlook = before.get().answer();
      return false;
    }
    return switch (rotations.next(last)) {
      case Wait wait -> {
        outlook = new Outlook(wait.who().lagging(), wait.alarms());
        asked = Optional.of(Asked.of(last.number(), now, clock.instant(), outlook));
        yield false;
      }
      case MoveOn(RotationState to, String reason) -> {
        append(last, to, reason);
        yield true;
      }
      case Make(Generation next) -> {
        keys.make(next);
        giveUpUnlessWanted(next);
        yield true;
      }
      case Revoke(Generation compromised) -> {
        keys.revoke(compromised);
        yield true;
      }
      case Destroy(Generation doomed, RotationState then) -> {
        keys.destroy(doomed);
        append(last, then, "the key %s is destroyed".formatted(doomed.label()));
        yield true;
      }
    };
  }

  // A custodian may have taken so long that another one leads by now, and nobody wants this key any
  // more or knows of it (KC-7).
  private void giveUpUnlessWanted(Generation made) throws LedgerException, RotationException {
    Optional<JournalEntry> last = journal.last();
    if (last.isPresent() && !last.get().state().concerns(made)) {
      keys.destroy(made);
    }
  }

  private void append(JournalEntry last, RotationState to, String reason) throws LedgerException {
    Instant now = clock.instant();
    JournalEntry entry = new JournalEntry(last.number() + 1, now, SELF, reason, to);
    if (journal.append(entry)) {
      listener.moved(entry);
    }
  }
}
