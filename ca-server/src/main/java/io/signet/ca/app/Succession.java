package io.signet.ca.app;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.ca.authority.Agreed;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.Roots;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.JournalEntry;
import io.signet.ca.rotation.Replicas.Report;
import io.signet.ca.rotation.RotatedKeys;
import io.signet.ca.rotation.RotationControl;
import io.signet.ca.rotation.RotationException;
import io.signet.ca.rotation.RotationJournal;
import io.signet.ca.rotation.RotationPolicy;
import io.signet.ca.rotation.RotationRunner;
import io.signet.ca.rotation.RotationRunner.Outlook;
import io.signet.ca.rotation.RotationState;
import io.signet.ca.rotation.Rotations;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.store.Cluster;
import io.signet.hsm.CustodyException;
import io.signet.sds.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this server in step with what all replicas have agreed on about roots, says how far it is,
 * and takes the steps that are due while it leads. Safe for use by many threads.
 */
final class Succession {

  private static final Logger LOG = LoggerFactory.getLogger(Succession.class);

  /** Told what this server now follows; may block. Called again while nothing changes. */
  interface Follower {

    /** Whom to trust may have changed; for the streams, who must not wait for a custodian. */
    void trusts();

    /**
     * Who signs may have changed, and all must be told that can be.
     *
     * @param hurry whether what the one before has signed is to be replaced as fast as can be
     * @throws FileProblem if a sink could not be told; called again soon
     * @throws RenewalException if what is known of the streams could not be kept
     */
    void signs(boolean hurry) throws FileProblem, LedgerException, RenewalException;

    /** The generation of the root above the certificate that this server shows to its clients. */
    int shown();
  }

  // Between two looks at a store that tells of each change by itself.
  private static final Duration EVERY = Duration.ofSeconds(2);

  private final RotationJournal journal;
  private final Roots roots;
  private final Authorities authorities;
  private final Cluster cluster;
  private final Rotations rotations;
  private final RotationRunner runner;
  private final Follower follower;
  private final Duration patience;
  private volatile Optional<String> trouble = Optional.empty();
  private volatile Optional<String> stuck = Optional.empty();
  private volatile Outlook outlook = Outlook.CLEAR;
  private volatile long applied;
  private int usable;

  /**
   * Nothing is followed yet.
   *
   * @param follower told of each change, and whenever it is time to look
   */
  Succession(
      IssuingCore.Own core,
      RotatedKeys keys,
      Authorities authorities,
      RotationPolicy policy,
      Follower follower,
      Clock clock) {
    this.journal = core.journal();
    this.roots = core.roots();
    this.authorities = authorities;
    this.cluster = core.cluster();
    this.follower = follower;
    this.patience = patience(policy.longestLife());
    this.rotations =
        new Rotations(
            journal,
            keys,
            cluster.replicas(),
            core.holders(),
            policy,
            this::problem,
            this::moved,
            clock);
    this.runner =
        new RotationRunner(journal, rotations, keys, cluster.leadership(), this::moved, clock);
  }

  /**
   * For how long what was agreed on is known to hold: others wait for one that says nothing for as
   * long as certificates live, and clocks differ a little.
   */
  static Duration patience(Duration longestLife) {
    return longestLife.dividedBy(2);
  }

  private void moved(JournalEntry entry) {
    LOG.info(
        "rotation: {}, signing under generation {}, trusting {}, by {}: {}",
        entry.state().phase(),
        entry.state().active().number(),
        entry.state().trusted().stream().map(Generation::number).toList(),
        entry.by(),
        entry.reason());
    cluster.changes().announce();
  }

  /** Follows from now on, and leads where it is this server that does. */
  void start(Timer timer, Lifecycle life) {
    Beat follows = life.started(new Beat(this::follow, EVERY, timer));
    Beat leads = life.started(new Beat(this::lead, EVERY.dividedBy(2), timer));
    Changes.Listening listening =
        cluster
            .changes()
            .listen(() -> {
              follows.wake();
              leads.wake();
            });
    life.started(listening);
    follows.wake();
    leads.wake();
  }

  /** What an administrator does with it. */
  RotationControl control() {
    return rotations;
  }

  /** What was agreed on when a rotation stands so. */
  static Agreed agreed(RotationState state) {
    return new Agreed(
        state.bundle(),
        state.active().number(),
        state.trusted().stream().map(Generation::number).toList(),
        state.terms().compromised() ? Optional.of(state.old().number()) : Optional.empty());
  }

  /**
   * One look at what was agreed on; what fails is told and tried again with the next look.
   *
   * @return whether the store knows how far we are
   */
  @CanIgnoreReturnValue
  synchronized boolean follow() {
    try {
      Instant until = waitedFor();
      Optional<JournalEntry> last = journal.last();
      if (last.isEmpty()) {
        return false;
      }
      RotationState state = last.get().state();
      follow(state, until);
      cluster
          .replicas()
          .report(new Report(last.get().number(), applied, ready(state), inHand(state)));
      return true;
    } catch (LedgerException e) {
      LOG.debug("what was agreed on cannot be read, or how far we are cannot be told", e);
      return false;
    }
  }

  // The others wait from when they have heard of us, and not from when we read what they
  // have agreed on: who was frozen until it was forgotten reads it too when it wakes.
  private Instant waitedFor() {
    return cluster.replicas().heard().plus(patience);
  }

  // Whom to trust is told to everybody also when the new authority cannot be reached yet.
  private void follow(RotationState state, Instant until) throws LedgerException {
    Optional<String> problem = Optional.empty();
    try {
      authorities.trust(agreed(state), until);
      follower.trusts();
      authorities.follow();
    } catch (AuthorityException | CustodyException | SelfCheckException e) {
      problem = Optional.of("generation %d: %s".formatted(state.active().number(), e.getMessage()));
    }
    try {
      follower.signs(state.terms().compromised());
      applied = authorities.bundle().sequence();
    } catch (FileProblem | RenewalException e) {
      problem = Optional.of(String.valueOf(e.getMessage()));
    }
    trouble = told(trouble, problem, "cannot follow what was agreed on: {}");
  }

  // The server's own certificate follows who signs, and may have to be tried for several times.
  private int inHand(RotationState state) {
    int signs = authorities.generation();
    return signs == state.active().number() ? follower.shown() : signs;
  }

  // Asked while it matters only: before the new one signs.
  private int ready(RotationState state) throws LedgerException {
    int next = Math.max(newest(state), state.active().number());
    if (next <= usable) {
      return usable;
    }
    try {
      usable = roots.isUsable(next) ? next : authorities.generation();
    } catch (CustodyException e) {
      usable = authorities.generation();
    }
    return usable;
  }

  private static int newest(RotationState state) {
    return state instanceof RotationState.Steady
        ? 0
        : state.other().map(Generation::number).orElse(0);
  }

  /**
   * Takes the steps that are due now, if this server leads. Never before it is in step itself: the
   * store may think that it is gone, and would not wait for those on its streams.
   */
  void lead() {
    if (!follow()) {
      outlook(Outlook.CLEAR);
      return;
    }
    Optional<String> problem = Optional.empty();
    Outlook now = Outlook.CLEAR;
    try {
      now = runner.run();
    } catch (RotationException e) {
      problem = Optional.ofNullable(e.getMessage());
    } catch (LedgerException e) {
      problem = Optional.of("the store: " + e.getMessage());
    }
    outlook(now);
    stuck = told(stuck, problem, "the rotation cannot go on: {}");
  }

  private void outlook(Outlook now) {
    now.alarms().stream()
        .filter(alarm -> !outlook.alarms().contains(alarm))
        .forEach(alarm -> LOG.warn("the rotation is held: {}", alarm));
    outlook = now;
  }

  /** What the rotation waits for, if this server leads, and what keeps this one from its part. */
  Outlook outlook() {
    Outlook now = outlook;
    return problem().map(now::with).orElse(now);
  }

  /** Why this server cannot go on with a rotation, or follow it. */
  private Optional<String> problem() {
    return stuck.or(() -> trouble);
  }

  // Once, however often it is the same.
  private static Optional<String> told(
      Optional<String> before, Optional<String> now, String words) {
    if (!Objects.equals(before, now)) {
      now.ifPresent(why -> LOG.warn(words, why));
    }
    return now;
  }
}
