package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.RotationState.Activated;
import io.signet.ca.rotation.RotationState.Prepared;
import io.signet.ca.rotation.RotationState.Published;
import io.signet.ca.rotation.RotationState.Retiring;
import io.signet.ca.rotation.RotationState.Steady;
import io.signet.ca.rotation.RotationState.Terms;
import io.signet.ca.rotation.Step.Destroy;
import io.signet.ca.rotation.Step.Make;
import io.signet.ca.rotation.Step.MoveOn;
import io.signet.ca.rotation.Step.Revoke;
import io.signet.ca.rotation.Step.Wait;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The rules of a rotation (docs/rotation.md): from where it stands and what is so, what comes next.
 * It does nothing, and knows nothing of the kind of key. Safe for use by many threads.
 *
 * @param successor draws who comes after all generations that there ever were
 */
record RotationCycle(RotationPolicy policy, Successor successor) {

  private static final int NAMED_IN_REASON = 3;

  /** Draws the next generation. */
  interface Successor {
    Generation next() throws LedgerException;
  }

  /** What comes next. Asked again after each step, and whenever something may have changed. */
  Step next(RotationState state, Facts facts, Instant now) throws LedgerException {
    return switch (state) {
      case Steady steady -> next(steady, facts, now);
      case Prepared prepared -> next(prepared, facts, now);
      case Published published -> next(published, facts, now);
      case Activated activated -> next(activated, facts, now);
      case Retiring retiring -> next(retiring, facts, now);
    };
  }

  private Step next(Steady steady, Facts facts, Instant now) throws LedgerException {
    Optional<Instant> begin = begin(steady, facts);
    if (begin.isPresent() && !now.isBefore(begin.get())) {
      return new MoveOn(prepared(steady, false, now), reason(steady, facts));
    }
    if (steady.doomed().isPresent()) {
      RotationState rid =
          new Steady(steady.active(), steady.bundle(), steady.terms(), Optional.empty());
      return policy.destroy()
          ? new Destroy(steady.doomed().get(), rid)
          : new MoveOn(rid, "the key %s is kept".formatted(steady.doomed().get().label()));
    }
    return Wait.NOTHING;
  }

  // An authority that ends does not wait for a custodian that does not destroy.
  private static String reason(Steady steady, Facts facts) throws LedgerException {
    String end = "the authority ends at " + facts.endOf(steady.active());
    return steady
        .doomed()
        .map(left -> "%s; the key %s could not be destroyed".formatted(end, left.label()))
        .orElse(end);
  }

  /** When a rotation begins by itself. */
  Optional<Instant> begin(Steady steady, Facts facts) throws LedgerException {
    if (policy.startBefore().isEmpty()) {
      return Optional.empty();
    }
    Instant end = facts.endOf(steady.active());
    Instant due = end.minus(policy.startBefore().get());
    Instant rested = steady.terms().since().plus(rest(steady, end));
    return Optional.of(due.isAfter(rested) ? due : rested);
  }

  // Whoever cancels one has a reason, which takes time to see to; but an authority ends all the
  // same.
  private Duration rest(Steady steady, Instant end) {
    Duration most = Duration.between(steady.terms().since(), end).dividedBy(4);
    return policy.deadline().compareTo(most) < 0 ? policy.deadline() : most;
  }

  private Step next(Prepared prepared, Facts facts, Instant now) throws LedgerException {
    return facts.isMade(prepared.next())
        ? gate(
            prepared.terms(),
            policy.deadline(),
            "find the key of generation %d".formatted(prepared.next().number()),
            facts.unready(prepared.next().number()),
            () -> published(prepared, now),
            now)
        : new Make(prepared.next());
  }

  // FLD-4: where CRLs are delivered, nobody believes what is below a CA that has none.
  private Step next(Published published, Facts facts, Instant now) throws LedgerException {
    Step step = acknowledged(published, facts, () -> activated(published, now), now);
    return step instanceof MoveOn && !facts.hasCrl(published.next())
        ? withoutCrl(published, now)
        : step;
  }

  private Wait withoutCrl(Published published, Instant now) {
    Instant deadline = published.terms().since().plus(policy.deadline());
    boolean late = !now.isBefore(deadline);
    return new Wait(
        List.of("for the key %s to sign its first CRL".formatted(published.next().label())),
        Progress.NONE,
        Optional.of(deadline),
        alarms(Progress.NONE, false, late, deadline),
        false);
  }

  // Not earlier: those who have no other certificate yet would be shut out.
  private Step next(Activated activated, Facts facts, Instant now) throws LedgerException {
    return gate(
        activated.terms(),
        policy.deadline().plus(policy.longestLife()),
        "replace what generation %d has signed".formatted(activated.previous().number()),
        facts.under(activated.previous().number()),
        () -> retiring(activated, now),
        now);
  }

  // Who trusts a compromised key for longer is told first, while it is there to sign that. Not
  // earlier: a custodian that cannot sign must not keep it in the bundle.
  private Step next(Retiring retiring, Facts facts, Instant now) throws LedgerException {
    return retiring.terms().compromised() && !facts.isRevoked(retiring.previous())
        ? new Revoke(retiring.previous())
        : acknowledged(retiring, facts, () -> over(retiring, now), now);
  }

  private Step acknowledged(
      RotationState state, Facts facts, Supplier<RotationState> onward, Instant now)
      throws LedgerException {
    return gate(
        state.terms(),
        policy.deadline(),
        "acknowledge bundle " + state.bundle(),
        facts.lacking(state.bundle()),
        onward,
        now);
  }

  // A compromised key has no time for those who lag behind: whoever has it can be anybody.
  private Step gate(
      Terms terms,
      Duration patience,
      String deed,
      Progress progress,
      Supplier<RotationState> onward,
      Instant now) {
    Duration granted = terms.compromised() ? policy.compromisedDeadline() : patience;
    Instant deadline = terms.since().plus(granted);
    boolean late = !now.isBefore(deadline);
    boolean leaving = terms.forced() || (terms.compromised() && late);
    boolean open = progress.isDone() || leaving;
    boolean approval = policy.approval() && !terms.approved() && !terms.compromised();
    if (open && !approval) {
      return new MoveOn(onward.get(), reason(deed, progress, terms));
    }
    return new Wait(
        waits(deed, progress, open, approval),
        progress,
        Optional.of(deadline),
        alarms(progress, open, late, deadline),
        approval);
  }

  private static String reason(String deed, Progress progress, Terms terms) {
    if (progress.isDone()) {
      return progress.all() == 0
          ? "nobody has to %s".formatted(deed)
          : "all %d did %s".formatted(progress.all(), deed);
    }
    return "%s: %d of %d did not %s: %s"
        .formatted(
            terms.forced() ? "forced" : "compromised",
            progress.lagging(),
            progress.all(),
            deed,
            names(progress));
  }

  private static String names(Progress progress) {
    List<String> names =
        progress.laggards().stream().limit(NAMED_IN_REASON).map(Laggard::name).toList();
    long others = progress.lagging() - names.size();
    return String.join(", ", names) + (others > 0 ? " and %d more".formatted(others) : "");
  }

  private static List<String> waits(
      String deed, Progress progress, boolean open, boolean approval) {
    List<String> waits = new ArrayList<>();
    if (!open) {
      waits.add("for %d of %d to %s".formatted(progress.lagging(), progress.all(), deed));
    }
    if (approval) {
      waits.add("for signet rotation approve");
    }
    return waits;
  }

  private static List<String> alarms(
      Progress progress, boolean open, boolean late, Instant deadline) {
    List<String> alarms = new ArrayList<>();
    if (late && !open) {
      alarms.add("the deadline %s has passed".formatted(deadline));
    }
    progress.laggards().stream()
        .filter(laggard -> laggard.problem().isPresent())
        .map(laggard -> "%s refused: %s".formatted(laggard.name(), laggard.problem().get()))
        .forEach(alarms::add);
    return alarms;
  }

  private Prepared prepared(Steady steady, boolean compromised, Instant now)
      throws LedgerException {
    return new Prepared(
        steady.active(), successor.next(), steady.bundle(), Terms.begin(now, compromised));
  }

  private static RotationState published(Prepared was, Instant now) {
    return new Published(was.active(), was.next(), was.bundle() + 1, anew(was, now));
  }

  private static RotationState activated(Published was, Instant now) {
    return new Activated(was.next(), was.active(), was.bundle(), anew(was, now));
  }

  private static RotationState retiring(Activated was, Instant now) {
    return new Retiring(was.active(), was.previous(), was.bundle() + 1, anew(was, now));
  }

  private static RotationState over(Retiring was, Instant now) {
    return new Steady(
        was.active(), was.bundle(), Terms.begin(now, false), Optional.of(was.previous()));
  }

  private static Terms anew(RotationState was, Instant now) {
    return Terms.begin(now, was.terms().compromised());
  }

  /** The state after an administrator has begun a rotation, of a key that is good. */
  RotationState started(RotationState state, Instant now) throws RefusedException, LedgerException {
    if (!(state instanceof Steady steady)) {
      throw inProgress(state);
    }
    if (steady.doomed().isPresent()) {
      throw new RefusedException(
          "the key %s of generation %d is still to be destroyed (expected: that its custodian can)"
              .formatted(steady.doomed().get().label(), steady.doomed().get().number()));
    }
    return prepared(steady, false, now);
  }

  /**
   * The state after it became known that a key is in wrong hands. A rotation away from it that is
   * in progress goes on in a hurry.
   */
  RotationState compromised(RotationState state, int generation, Instant now)
      throws RefusedException, LedgerException {
    if (generation != state.old().number()) {
      throw state instanceof Steady
          ? new RefusedException(
              "generation %d is not the active one (expected: %d)"
                  .formatted(generation, state.active().number()))
          : new RefusedException(
              ("this rotation is away from generation %d, not from %d (expected: signet rotation"
                      + " cancel first, which goes back to %1$d)")
                  .formatted(state.old().number(), generation));
    }
    return state instanceof Steady steady
        ? prepared(steady, true, now)
        : with(state, state.terms().compromise(now));
  }

  /** The state after an administrator has let the present phase go on. */
  RotationState approved(RotationState state) throws RefusedException {
    requireInProgress(state);
    if (!policy.approval() || state.terms().approved()) {
      throw new RefusedException("the rotation does not wait for an approval");
    }
    return with(state, state.terms().approve());
  }

  /** The state after an administrator has given up on those who lag behind in this phase. */
  RotationState forced(RotationState state) throws RefusedException {
    requireInProgress(state);
    if (state.terms().forced()) {
      throw new RefusedException("phase %s is forced already".formatted(state.phase()));
    }
    return with(state, state.terms().force());
  }

  /**
   * The state after an administrator has gone back to the old authority. While both are in the
   * bundle that is a rotation like any other, in the other direction.
   */
  RotationState cancelled(RotationState state, Instant now) throws RefusedException {
    requireInProgress(state);
    if (state.terms().compromised()) {
      throw new RefusedException(
          "generation %d is compromised, so there is no way back to it (expected: rotation force,"
                  .formatted(state.old().number())
              + " or wait)");
    }
    return switch (state) {
      case Steady steady -> steady; // not in progress
      case Prepared was -> back(was.active(), was.next(), was.bundle(), now);
      // Nothing was signed by the next one, so nobody has to be waited for.
      case Published was -> back(was.active(), was.next(), was.bundle() + 1, now);
      case Activated was ->
          new Activated(was.previous(), was.active(), was.bundle(), Terms.begin(now, false));
      case Retiring was ->
          throw new RefusedException(
              "generation %d is on its way out of the bundle (expected: rotation start, once this"
                      .formatted(was.previous().number())
                  + " one is over)");
    };
  }

  private static Steady back(Generation active, Generation next, long bundle, Instant now) {
    return new Steady(active, bundle, Terms.begin(now, false), Optional.of(next));
  }

  private static void requireInProgress(RotationState state) throws RefusedException {
    if (state instanceof Steady) {
      throw new RefusedException("no rotation is in progress (expected: rotation start first)");
    }
  }

  private static RefusedException inProgress(RotationState state) {
    return new RefusedException(
        "a rotation is in progress, in phase %s (expected: wait for its end, or rotation cancel)"
            .formatted(state.phase()));
  }

  private static RotationState with(RotationState state, Terms terms) {
    return switch (state) {
      case Steady was -> new Steady(was.active(), was.bundle(), terms, was.doomed());
      case Prepared was -> new Prepared(was.active(), was.next(), was.bundle(), terms);
      case Published was -> new Published(was.active(), was.next(), was.bundle(), terms);
      case Activated was -> new Activated(was.active(), was.previous(), was.bundle(), terms);
      case Retiring was -> new Retiring(was.active(), was.previous(), was.bundle(), terms);
    };
  }
}
