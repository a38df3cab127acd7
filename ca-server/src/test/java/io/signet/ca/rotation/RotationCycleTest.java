package io.signet.ca.rotation;

import static io.signet.ca.rotation.FakeFacts.CART;
import static io.signet.ca.rotation.FakeFacts.behind;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import io.signet.hsm.KeyLabel;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The order of ISTIO-71 to 74, with a gate where it says to wait. */
final class RotationCycleTest {

  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);
  private static final Generation OLD = new Generation(1, new KeyLabel("root-1"));
  private static final Generation NEW = new Generation(2, new KeyLabel("root-2"));
  private static final Terms TERMS = Terms.begin(NOW, false);
  private static final Terms HURRY = Terms.begin(NOW, true);
  private static final Steady STEADY =
      new Steady(OLD, 7, Terms.begin(NOW.minus(DAY), false), Optional.empty());
  private static final Prepared PREPARED = new Prepared(OLD, NEW, 7, TERMS);
  private static final Published PUBLISHED = new Published(OLD, NEW, 8, TERMS);
  private static final Activated ACTIVATED = new Activated(NEW, OLD, 8, TERMS);
  private static final Retiring RETIRING = new Retiring(NEW, OLD, 9, TERMS);

  private final FakeFacts facts = new FakeFacts();
  private RotationCycle cycle = cycle(false, true);

  private static RotationCycle cycle(boolean approval, boolean destroy) {
    return new RotationCycle(
        new RotationPolicy(
            approval, Optional.of(DAY.multipliedBy(30)), DAY, DAY, TEN_MINUTES, destroy),
        () -> NEW);
  }

  private Step next(RotationState state) throws Exception {
    return next(state, NOW);
  }

  private Step next(RotationState state, Instant now) throws Exception {
    return cycle.next(state, facts, now);
  }

  private static void assertMovesOn(Step step, RotationState to) {
    assertThat(step)
        .isInstanceOfSatisfying(MoveOn.class, move -> assertThat(move.to()).isEqualTo(to));
  }

  private static Wait waiting(Step step) {
    assertThat(step).isInstanceOf(Wait.class);
    return (Wait) step;
  }

  @Test
  void steady_farFromItsEnd_nothing() throws Exception {
    facts.end = NOW.plus(DAY.multipliedBy(31));

    assertThat(next(STEADY)).isEqualTo(Wait.NOTHING);
    assertThat(cycle.begin(STEADY, facts)).contains(NOW.plus(DAY));
  }

  @Test // SROT-2
  void steady_nearItsEnd_preparesTheNext() throws Exception {
    facts.end = NOW.plus(DAY.multipliedBy(30));

    assertMovesOn(next(STEADY), PREPARED);
  }

  @Test
  void prepared_keyIsNotMade_madeFirst() throws Exception {
    assertThat(next(PREPARED)).isEqualTo(new Make(NEW));
  }

  @Test
  void prepared_oneReplicaCannotUseTheKey_waitsForIt() throws Exception {
    facts.made.add(2);
    facts.unready = behind(CART);

    assertThat(waiting(next(PREPARED)).what())
        .containsExactly("for 1 of 10 to find the key of generation 2");
  }

  // ISTIO-71
  @Test
  void prepared_allCanUseTheKey_bothInTheBundleAndTheOldOneSigns() throws Exception {
    facts.made.add(2);

    assertMovesOn(next(PREPARED), PUBLISHED);
    assertThat(PUBLISHED.trusted()).containsExactly(OLD, NEW);
    assertThat(PUBLISHED.active()).isEqualTo(OLD);
  }

  // ISTIO-72
  @Test
  void published_oneLagsBehind_waitsAndNamesIt() throws Exception {
    facts.lacking = behind(CART);

    Wait wait = waiting(next(PUBLISHED));
    assertThat(wait.what()).containsExactly("for 1 of 10 to acknowledge bundle 8");
    assertThat(wait.who().laggards()).containsExactly(CART);
    assertThat(wait.deadline()).contains(NOW.plus(DAY));
    assertThat(wait.alarms()).isEmpty();
  }

  @Test
  void published_deadlineHasPassed_holdsAndAlarms() throws Exception {
    facts.lacking = behind(CART);

    assertThat(waiting(next(PUBLISHED, NOW.plus(DAY))).alarms())
        .containsExactly("the deadline %s has passed".formatted(NOW.plus(DAY)));
  }

  @Test
  void published_oneRefuses_alarmsAtOnce() throws Exception {
    facts.lacking =
        behind(new Laggard(CART.kind(), CART.name(), CART.has(), NOW, Optional.of("no such CA")));

    assertThat(waiting(next(PUBLISHED)).alarms())
        .containsExactly(CART.name() + " refused: no such CA");
  }

  // ISTIO-73
  @Test
  void published_everybodyHasIt_theNewOneSigns() throws Exception {
    assertMovesOn(
        next(PUBLISHED, NOW.plus(DAY)),
        new Activated(NEW, OLD, 8, Terms.begin(NOW.plus(DAY), false)));
    assertThat(ACTIVATED.trusted()).containsExactly(OLD, NEW);
  }

  // FLD-4
  @Test
  void published_theNewOneHasNoCrlYet_waitsForIt() throws Exception {
    facts.crl = false;

    Wait wait = waiting(next(PUBLISHED));
    assertThat(wait.what()).containsExactly("for the key root-2 to sign its first CRL");
    assertThat(wait.alarms()).isEmpty();
    assertThat(waiting(next(cycle.forced(PUBLISHED))).what()).isEqualTo(wait.what());
    assertThat(waiting(next(PUBLISHED, NOW.plus(DAY))).alarms())
        .containsExactly("the deadline " + NOW.plus(DAY) + " has passed");
  }

  // ISTIO-74: as long as what was signed lives at most, and the deadline besides.
  @Test
  void activated_oneShowsAnOldLeaf_waitsLongEnoughForItsEnd() throws Exception {
    facts.under = behind(CART);

    Wait wait = waiting(next(ACTIVATED, NOW.plus(DAY)));
    assertThat(wait.what()).containsExactly("for 1 of 10 to replace what generation 1 has signed");
    assertThat(wait.alarms()).isEmpty();
    assertThat(wait.deadline()).contains(NOW.plus(DAY.multipliedBy(2)));
  }

  @Test
  void activated_nobodyShowsAnOldLeaf_theOldOneLeavesTheBundle() throws Exception {
    assertMovesOn(next(ACTIVATED), RETIRING);
    assertThat(RETIRING.trusted()).containsExactly(NEW);
  }

  @Test
  void retiring_oneLagsBehind_waits() throws Exception {
    facts.lacking = behind(CART);

    assertThat(waiting(next(RETIRING)).what())
        .containsExactly("for 1 of 10 to acknowledge bundle 9");
  }

  @Test
  void retiring_everybodyHasIt_overAndTheOldKeyIsDoomed() throws Exception {
    Steady over = new Steady(NEW, 9, TERMS, Optional.of(OLD));

    assertMovesOn(next(RETIRING), over);
    assertThat(next(over)).isEqualTo(new Destroy(OLD, new Steady(NEW, 9, TERMS, Optional.empty())));
  }

  @Test
  void steady_oldKeyIsToBeKept_nothingIsDestroyed() throws Exception {
    cycle = cycle(false, false);

    assertMovesOn(
        next(new Steady(NEW, 9, TERMS, Optional.of(OLD))),
        new Steady(NEW, 9, TERMS, Optional.empty()));
  }

  @Test
  void approval_asked_eachPhaseWaitsForOneAndNeedsTheGateToo() throws Exception {
    cycle = cycle(true, true);

    for (RotationState state : List.of(PUBLISHED, ACTIVATED, RETIRING)) {
      Wait wait = waiting(next(state));
      assertThat(wait.approval()).isTrue();
      assertThat(wait.what()).containsExactly("for signet rotation approve");
      assertThat(next(cycle.approved(state))).isInstanceOf(MoveOn.class);
    }
    facts.lacking = behind(CART);
    assertThat(waiting(next(cycle.approved(PUBLISHED))).approval()).isFalse();
  }

  @Test
  void approve_policyAsksForNone_refused() {
    assertThatThrownBy(() -> cycle.approved(PUBLISHED))
        .isInstanceOf(RefusedException.class)
        .hasMessage("the rotation does not wait for an approval");
  }

  @Test
  void force_oneLagsBehind_goesOnWithoutItAndSaysSo() throws Exception {
    facts.lacking = behind(CART);

    assertThat(next(cycle.forced(PUBLISHED)))
        .isInstanceOfSatisfying(
            MoveOn.class,
            move -> {
              assertThat(move.to()).isEqualTo(ACTIVATED); // what follows is not forced
              assertThat(move.reason())
                  .isEqualTo("forced: 1 of 10 did not acknowledge bundle 8: " + CART.name());
            });
  }

  @Test
  void start_whileInProgress_refused() {
    assertThatThrownBy(() -> cycle.started(PUBLISHED, NOW))
        .hasMessage(
            "a rotation is in progress, in phase published (expected: wait for its end, or"
                + " rotation cancel)");
  }

  @Test
  void cancel_prepared_theNewKeyIsDoomed() throws Exception {
    assertThat(cycle.cancelled(PREPARED, NOW))
        .isEqualTo(new Steady(OLD, 7, TERMS, Optional.of(NEW)));
  }

  @Test
  void cancel_published_theBundleLosesTheNewOne() throws Exception {
    assertThat(cycle.cancelled(PUBLISHED, NOW))
        .isEqualTo(new Steady(OLD, 9, TERMS, Optional.of(NEW)));
  }

  // Who cancelled it would have to be faster than the clock, and its key were never destroyed
  // (KC-7, SROT-7).
  @Test
  void cancel_begunByItself_notBegunAgainForADayOrAQuarterOfWhatIsLeft() throws Exception {
    facts.end = NOW.plus(DAY.multipliedBy(29));
    RotationState cancelled = cycle.cancelled(PREPARED, NOW);

    assertThat(next(cancelled)).isInstanceOf(Destroy.class);
    assertThat(next(cancelled, NOW.plus(DAY).minusNanos(1))).isInstanceOf(Destroy.class);
    assertThat(next(cancelled, NOW.plus(DAY))).isInstanceOf(MoveOn.class);
    assertThat(cycle.begin((Steady) cancelled, facts)).contains(NOW.plus(DAY));

    facts.end = NOW.plus(DAY);
    assertThat(cycle.begin((Steady) cancelled, facts)).contains(NOW.plus(DAY.dividedBy(4)));
  }

  // Both are in every bundle, so it is the same rotation in the other direction.
  @Test
  void cancel_activated_theOldOneSignsAndWhatTheNewOneSignedIsReplaced() throws Exception {
    assertThat(cycle.cancelled(ACTIVATED, NOW)).isEqualTo(new Activated(OLD, NEW, 8, TERMS));
  }

  @Test
  void cancel_retiring_refused() {
    assertThatThrownBy(() -> cycle.cancelled(RETIRING, NOW))
        .hasMessageContaining("generation 1 is on its way out of the bundle");
  }

  @Test
  void actsWithoutARotation_refused() {
    assertThatThrownBy(() -> cycle.cancelled(STEADY, NOW)).hasMessageContaining("no rotation");
    assertThatThrownBy(() -> cycle.forced(STEADY)).hasMessageContaining("no rotation");
    assertThatThrownBy(() -> cycle.approved(STEADY)).hasMessageContaining("no rotation");
  }

  @Test // SROT-4, and whoever trusts it for longer is told by a CRL
  void compromised_steady_preparesInAHurry() throws Exception {
    assertThat(cycle.compromised(STEADY, 1, NOW)).isEqualTo(new Prepared(OLD, NEW, 7, HURRY));
  }

  @Test
  void compromised_oldOneOfARotation_goesOnInAHurry() throws Exception {
    assertThat(cycle.compromised(ACTIVATED, 1, NOW)).isEqualTo(new Activated(NEW, OLD, 8, HURRY));
  }

  // Else whoever has just learned of it would be left behind at once.
  @Test
  void compromised_longAfterThePhaseBegan_itsTimeBeginsAnew() throws Exception {
    Instant later = NOW.plus(DAY);
    facts.under = behind(CART);

    RotationState hurried = cycle.compromised(ACTIVATED, 1, later);
    assertThat(waiting(next(hurried, later)).deadline()).contains(later.plus(TEN_MINUTES));
  }

  @Test
  void start_whileAKeyIsStillToBeDestroyed_refused() {
    assertThatThrownBy(() -> cycle.started(new Steady(NEW, 9, TERMS, Optional.of(OLD)), NOW))
        .hasMessageContaining("the key root-1 of generation 1 is still to be destroyed");
  }

  @Test
  void steady_nearItsEndAndAKeyCannotBeDestroyed_preparesTheNextAndNamesTheKey() throws Exception {
    facts.end = NOW.plus(DAY);

    Optional<Generation> left = Optional.of(new Generation(9, new KeyLabel("left")));

    assertThat(next(new Steady(OLD, 7, STEADY.terms(), left)))
        .isInstanceOfSatisfying(
            MoveOn.class,
            move -> assertThat(move.reason()).endsWith("; the key left could not be destroyed"));
  }

  @Test
  void compromised_newOneOfARotation_cancelFirst() {
    assertThatThrownBy(() -> cycle.compromised(ACTIVATED, 2, NOW))
        .hasMessageContaining("this rotation is away from generation 1, not from 2");
  }

  // Whoever has the key can be anybody: that is worse than to leave some behind.
  @Test
  void compromised_deadlineHasPassed_goesOnWithoutThoseWhoLag() throws Exception {
    facts.under = behind(CART);
    RotationState hurried = new Activated(NEW, OLD, 8, HURRY);

    assertThat(waiting(next(hurried)).deadline()).contains(NOW.plus(TEN_MINUTES));
    assertThat(next(hurried, NOW.plus(TEN_MINUTES)))
        .isInstanceOfSatisfying(
            MoveOn.class,
            move ->
                assertThat(move.reason())
                    .isEqualTo(
                        "compromised: 1 of 10 did not replace what generation 1 has signed: "
                            + CART.name()));
  }

  // First those who can have another certificate get it. A custodian that cannot sign the CRL does
  // not keep the root in the bundle.
  @Test
  void compromised_allHaveOthers_theOldOneLeavesTheBundle() throws Exception {
    RotationState hurried = new Activated(NEW, OLD, 8, HURRY);
    facts.under = behind(CART);
    assertThat(next(hurried)).isInstanceOf(Wait.class);

    facts.under = new Progress(10, 0, List.of());
    assertMovesOn(next(hurried), new Retiring(NEW, OLD, 9, HURRY));
  }

  // Also when that was said in this phase, and whoever still trusts the root has to know at once.
  @Test
  void compromised_retiring_whatTheKeyHasSignedIsRevokedBeforeAnythingElse() throws Exception {
    RotationState hurried = cycle.compromised(RETIRING, 1, NOW);
    facts.lacking = behind(CART);
    assertThat(next(hurried)).isEqualTo(new Revoke(OLD));
    assertThat(next(hurried, NOW.plus(TEN_MINUTES))).isEqualTo(new Revoke(OLD));

    facts.revoked = true;
    assertThat(next(hurried)).isInstanceOf(Wait.class);
    assertThat(next(hurried, NOW.plus(TEN_MINUTES))).isInstanceOf(MoveOn.class);
  }

  @Test
  void retiring_ofAGoodKey_nothingIsRevoked() throws Exception {
    assertThat(next(RETIRING)).isInstanceOf(MoveOn.class);
  }

  @Test
  void cancel_compromised_noWayBack() {
    assertThatThrownBy(() -> cycle.cancelled(new Published(OLD, NEW, 8, HURRY), NOW))
        .hasMessageContaining("generation 1 is compromised");
  }
}
