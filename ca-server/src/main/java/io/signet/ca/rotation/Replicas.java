package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** The servers that share a store. Implementations are safe for use by many threads. */
public interface Replicas {

  /** Says that this one is alive, and how far it is; to be called every few seconds. */
  void report(Report mine) throws LedgerException;

  /** All that have not left, this one among them. */
  List<Replica> all() throws LedgerException;

  /** This one stops in order, and is not waited for any more. */
  void leave() throws LedgerException;

  /**
   * Forgets the others that have said nothing for so long, and takes over what they have left: what
   * they were signing is taken for something whose result will never be known. One that comes back
   * all the same is refused until it is restarted. For the leader alone, with a time in which
   * whatever they gave out has ended.
   *
   * @return whom
   */
  default List<String> forget(Duration silence) throws LedgerException {
    return List.of(); // the only one has no others
  }

  /**
   * When the others have heard of this one last for certain, by its own clock; from then on they
   * wait for it. Reads nothing.
   */
  Instant heard();

  /**
   * How far this one's clock is ahead of the store's, as it was measured last; negative if behind.
   * Reads nothing.
   */
  default Duration skew() {
    return Duration.ZERO; // the only one has no other clock
  }

  /**
   * How far a replica is.
   *
   * @param followed the step of the journal that it has followed last; 0 for none
   * @param bundle the version that it delivers and has written to its sinks; 0 for none
   * @param ready the newest generation whose key it has found in its custodian; 0 for none
   * @param issuing the generation under which it signs, with nothing older in hand; 0 for none
   */
  record Report(long followed, long bundle, int ready, int issuing) {}

  /**
   * A replica as the store knows it.
   *
   * @param id the same after each of its restarts
   * @param seen when it was last, by the clock of the store
   * @param silent for how long it has said nothing, by the clock of the store
   * @param skew how far its clock is ahead of the store's; negative if behind
   */
  record Replica(String id, Report report, Instant seen, Duration silent, Duration skew) {

    /** Certificates begin 30 s or more before they are made, and journals are read by people. */
    public static final Duration MOST_SKEW = Duration.ofSeconds(5);

    /** What is wrong with its clock, if anything. */
    public Optional<String> wrongClock() {
      return skew.abs().compareTo(MOST_SKEW) <= 0
          ? Optional.empty()
          : Optional.of(
              "the clock of replica %s is %s %s the database's (expected: %s at most)"
                  .formatted(
                      id,
                      skew.abs().truncatedTo(ChronoUnit.SECONDS),
                      skew.isNegative() ? "behind" : "ahead of",
                      MOST_SKEW));
    }
  }
}
