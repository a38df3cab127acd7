package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.AuthorityStatus.Role;
import io.signet.ca.rotation.Replicas.Replica;
import io.signet.ca.rotation.RotationState.Activated;
import io.signet.ca.rotation.RotationState.Prepared;
import io.signet.ca.rotation.RotationState.Published;
import io.signet.ca.rotation.RotationState.Retiring;
import io.signet.ca.rotation.RotationState.Steady;
import io.signet.ca.rotation.Step.Destroy;
import io.signet.ca.rotation.Step.Make;
import io.signet.ca.rotation.Step.MoveOn;
import io.signet.ca.rotation.Step.Revoke;
import io.signet.ca.rotation.Step.Wait;
import io.signet.ca.x509.KeyIds;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The rotations of one kind of key, as any replica sees them and an administrator acts on them.
 * Safe for use by many threads.
 */
public final class Rotations implements RotationControl {

  private static final int HISTORY = 20;

  // A custodian takes seconds.
  private static final Duration DEED = Duration.ofMinutes(1);

  private final RotationJournal journal;
  private final RotatedKeys keys;
  private final Replicas replicas;
  private final Holders holders;
  private final RotationPolicy policy;
  private final RotationCycle cycle;
  private final Supplier<Optional<String>> trouble;
  private final RotationRunner.Listener listener;
  private final Clock clock;

  /**
   * @param trouble why this replica cannot take a step or follow one, if so
   * @param listener hears of what administrators did
   */
  public Rotations(
      RotationJournal journal,
      RotatedKeys keys,
      Replicas replicas,
      Holders holders,
      RotationPolicy policy,
      Supplier<Optional<String>> trouble,
      RotationRunner.Listener listener,
      Clock clock) {
    this.journal = journal;
    this.keys = keys;
    this.replicas = replicas;
    this.holders = holders;
    this.policy = policy;
    this.cycle = new RotationCycle(policy, this::successor);
    this.trouble = trouble;
    this.listener = listener;
    this.clock = clock;
  }

  private Generation successor() throws LedgerException {
    return new Generation(journal.newestGeneration() + 1, keys.fresh());
  }

  Step next(JournalEntry last) throws LedgerException {
    return cycle.next(last.state(), facts(last), clock.instant());
  }

  private Facts facts(JournalEntry last) throws LedgerException {
    return new Observed(
        followable(last), keys, replicas, holders, policy.longestLife(), clock.instant());
  }

  // The newest step that leaves replicas something to follow: what an administrator grants a phase
  // is for the leader alone.
  private long followable(JournalEntry last) throws LedgerException {
    if (!last.state().terms().isGrantedAnything()) {
      return last.number();
    }
    long step = last.number();
    for (JournalEntry entry : journal.newest(1 + RotationState.Terms.GRANTS)) {
      if (entry.number() == step - 1 && entry.state().isButForGrants(last.state())) {
        step = entry.number();
      }
    }
    return step;
  }

  @Override
  public RotationStatus status() throws LedgerException {
    JournalEntry last = last();
    RotationState state = last.state();
    Wait wait = wait(next(last), state.terms().since());
    List<String> alarms = new ArrayList<>(wait.alarms());
    trouble.get().ifPresent(alarms::add);
    replicas.all().stream().map(Replica::wrongClock).flatMap(Optional::stream).forEach(alarms::add);
    return new RotationStatus(
        clock.instant(),
        state,
        wait.what(),
        wait.who(),
        wait.deadline(),
        alarms,
        wait.approval(),
        state instanceof Steady steady ? cycle.begin(steady, facts(last)) : Optional.empty(),
        journal.newest(HISTORY));
  }

  private Wait wait(Step step, Instant since) {
    return switch (step) {
      case Wait wait -> wait;
      case MoveOn(RotationState to, String reason) ->
          waiting("for the leader to begin %s: %s".formatted(to.phase(), reason));
      case Make(Generation next) -> deed("make the key %s".formatted(next.label()), since);
      case Revoke(Generation compromised) ->
          deed("revoke what the key %s has signed".formatted(compromised.label()), since);
      case Destroy(Generation doomed, _) ->
          deed("destroy the key %s".formatted(doomed.label()), since);
    };
  }

  // Also where the reason is not known, because another one leads.
  private Wait deed(String what, Instant since) {
    Instant deadline = since.plus(DEED);
    boolean late = !clock.instant().isBefore(deadline);
    return new Wait(
        List.of("for the leader to " + what),
        Progress.NONE,
        Optional.of(deadline),
        late ? List.of("the leader did not %s by %s".formatted(what, deadline)) : List.of(),
        false);
  }

  private static Wait waiting(String what) {
    return new Wait(List.of(what), Progress.NONE, Optional.empty(), List.of(), false);
  }

  @Override
  public List<AuthorityStatus> authorities() throws LedgerException {
    RotationState state = last().state();
    List<AuthorityStatus> all = new ArrayList<>();
    for (Generation generation : journal.generations()) {
      Role role = role(state, generation);
      all.addFirst(
          new AuthorityStatus(
              generation,
              role,
              state.terms().compromised() && generation.equals(state.old()),
              keys.certificate(generation)));
    }
    return all;
  }

  private static Role role(RotationState state, Generation generation) {
    if (generation.equals(state.active())) {
      return Role.ACTIVE;
    }
    if (!state.other().filter(generation::equals).isPresent()) {
      return Role.RETIRED;
    }
    return switch (state) {
      case Steady _ -> Role.DOOMED;
      case Prepared _, Published _ -> Role.NEXT;
      case Activated _, Retiring _ -> Role.PREVIOUS;
    };
  }

  private JournalEntry last() throws LedgerException {
    return journal
        .last()
        .orElseThrow(
            () -> new LedgerException("there is no authority yet: the first is being made"));
  }

  /** What an administrator makes of a state. */
  private interface Act {
    RotationState on(RotationState state) throws RefusedException, LedgerException;
  }

  // Whoever is faster changes what this is about, so it is judged anew.
  private void act(String by, String reason, Act act) throws RefusedException, LedgerException {
    while (true) {
      JournalEntry last = last();
      JournalEntry entry =
          new JournalEntry(last.number() + 1, clock.instant(), by, reason, act.on(last.state()));
      if (journal.append(entry)) {
        listener.moved(entry);
        return;
      }
    }
  }

  @Override
  public void start(String by, String reason, Optional<String> compromised)
      throws RefusedException, LedgerException {
    if (compromised.isEmpty()) {
      act(by, reason, state -> cycle.started(state, clock.instant()));
      return;
    }
    int generation = named(compromised.get());
    act(by, reason, state -> cycle.compromised(state, generation, clock.instant()));
  }

  private int named(String keyId) throws RefusedException, LedgerException {
    String wanted = keyId.toLowerCase(Locale.ROOT);
    List<String> known = new ArrayList<>();
    List<Integer> found = new ArrayList<>();
    for (Generation generation : journal.generations()) {
      Optional<String> id = keys.certificate(generation).map(Rotations::keyId);
      id.ifPresent(known::add);
      if (!wanted.isEmpty() && id.filter(hex -> hex.startsWith(wanted)).isPresent()) {
        found.add(generation.number());
      }
    }
    if (found.size() != 1) {
      throw new RefusedException(
          "authority %s: %s (expected: the key identifier of one of %s)"
              .formatted(keyId, found.isEmpty() ? "unknown" : "more than one", known));
    }
    return found.getFirst();
  }

  private static String keyId(X509Certificate certificate) {
    return HexFormat.of().formatHex(KeyIds.of(certificate.getPublicKey()));
  }

  @Override
  public void approve(String by) throws RefusedException, LedgerException {
    act(by, "approved", cycle::approved);
  }

  @Override
  public void force(String by, String reason) throws RefusedException, LedgerException {
    act(by, reason, cycle::forced);
  }

  @Override
  public void cancel(String by, String reason) throws RefusedException, LedgerException {
    act(by, reason, state -> cycle.cancelled(state, clock.instant()));
  }

  /** Begins the journal with a key that was there before, or was just made for the first time. */
  public static JournalEntry first(Generation only, Instant now) {
    RotationState steady =
        new Steady(only, FIRST_BUNDLE, RotationState.Terms.begin(now, false), Optional.empty());
    return new JournalEntry(1, now, RotationRunner.SELF, "the first authority", steady);
  }

  private static final long FIRST_BUNDLE = 1;
}
