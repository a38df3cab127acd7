package io.signet.ca.issuance;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.attestation.Proof;
import io.signet.attestation.Proof.HeldSvid;
import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.ca.authorization.Grant;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** RATE-2: what each limit counts, and what it refuses with. */
final class LimitsTest {
  private static final int HANDS = 16; // for the one turn
  private static final int HANDS_WHEN_BUSY = 2;
  private static final RateLimit TWICE = new RateLimit(1, 2);
  private static final Proof NAMELESS = account(Optional.empty());
  private static final Proof POD_1 = account(Optional.of(new Pod("cart-1", "uid-1")));
  private static final Proof POD_2 = account(Optional.of(new Pod("cart-2", "uid-2")));
  private static final Call HERE = FakeCall.from("10.0.0.1");
  private static final Call THERE = FakeCall.from("10.0.0.2");
  private static final Refused DONE = new Refused(Why.BAD_REQUEST, "the work was done");

  private final Limits perCaller =
      limits(Optional.empty(), Optional.of(TWICE), OptionalInt.empty());
  private final Limits oneTurn = limits(Optional.empty(), Optional.empty(), OptionalInt.of(1));

  // vault#32003
  @Test
  void inTurn_onePodInALoop_limitedAndItsWorkNotDone() {
    assertThat(why(perCaller, POD_1, HERE)).isEqualTo(Why.BAD_REQUEST);
    assertThat(why(perCaller, POD_1, HERE)).isEqualTo(Why.BAD_REQUEST);
    assertThat(why(perCaller, POD_1, HERE)).isEqualTo(Why.CALLER_LIMITED);
    // It does not help it to call from somewhere else.
    assertThat(why(perCaller, POD_1, THERE)).isEqualTo(Why.CALLER_LIMITED);
  }

  // A restart of all pods of one account must not look like one that asks in a loop.
  @Test
  void inTurn_otherPodOfTheSameIdentity_limitOfItsOwn() {
    exhaust(perCaller, POD_1, HERE);

    assertThat(why(perCaller, POD_2, HERE)).isEqualTo(Why.BAD_REQUEST);
  }

  @Test
  void inTurn_noPodInTheProof_toldApartByAddress() {
    exhaust(perCaller, NAMELESS, HERE);

    assertThat(why(perCaller, NAMELESS, THERE)).isEqualTo(Why.BAD_REQUEST);
  }

  // RATE-2: whoever has a certificate can get another, which names the same identity.
  @Test
  void inTurn_certificateRenewed_noNewLimitWithItsNewSerialNumber() {
    Proof before = held(1);
    Proof renewed = held(2);
    assertThat(renewed.instance()).isNotEqualTo(before.instance());
    exhaust(perCaller, before, HERE);

    assertThat(why(perCaller, renewed, HERE)).isEqualTo(Why.CALLER_LIMITED);
    // Another workload of the identity, which cannot be told apart but by where it calls from.
    assertThat(why(perCaller, renewed, THERE)).isEqualTo(Why.BAD_REQUEST);
  }

  @Test
  void ofAddress_tooOften_onlyThatAddressRefused() {
    Limits limits = limits(Optional.of(TWICE), Optional.empty(), OptionalInt.empty());

    assertThat(limits.ofAddress("10.0.0.1")).isEmpty();
    assertThat(limits.ofAddress("10.0.0.1")).isEmpty();
    assertThat(limits.ofAddress("10.0.0.1"))
        .contains(new Refused(Why.ADDRESS_LIMITED, "10.0.0.1 calls too often"));
    assertThat(limits.ofAddress("10.0.0.2")).isEmpty();
  }

  // ISTIO-30: nothing is signed that nobody waits for.
  @Test
  void inTurn_callerGone_workNotDone() {
    Call gone = new FakeCall("call-1", "10.0.0.1", true);

    assertThat(why(Limits.none(), POD_1, gone)).isEqualTo(Why.ABANDONED);
    assertThat(Limits.none().requestsInTurn()).isZero();
  }

  @Test
  void inTurn_noTurnInTime_overloaded() {
    Limits limits = limits(Optional.empty(), Optional.empty(), OptionalInt.of(1));

    IssuanceOutcome outer =
        limits.inTurn(POD_1, HERE, () -> limits.inTurn(POD_2, HERE, () -> DONE));

    assertThat(outer)
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.why()).isEqualTo(Why.OVERLOADED));
    assertThat(limits.requestsInTurn()).isZero();
  }

  @Test
  void inTurn_workThrows_turnEnded() {
    Limits limits = limits(Optional.empty(), Optional.empty(), OptionalInt.of(1));

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> limits.inTurn(POD_1, HERE, LimitsTest::bug)).hasMessage("a bug");
    }
    assertThat(limits.requestsInTurn()).isZero();
  }

  @Test
  void begin_allHandsFull_refusedUnreadAndAtOnce() throws Exception {
    var inside = new CountDownLatch(HANDS);
    var release = new CountDownLatch(1);
    var done = new AtomicInteger();
    assertThat(oneTurn.ofAll()).isEmpty();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor();
        AutoCloseable _ = release::countDown) {
      for (int i = 0; i < HANDS; i++) {
        Runnable work =
            () -> {
              pass(inside, release);
              done.incrementAndGet();
            };
        assertThat(oneTurn.begin(threads, work)).isEmpty();
      }
      inside.await();

      assertThat(oneTurn.requestsInHand()).isEqualTo(HANDS);
      assertThat(oneTurn.begin(threads, LimitsTest::neverDone).map(Refused::why))
          .contains(Why.OVERLOADED);
      assertThat(oneTurn.ofAll().map(Refused::why)).contains(Why.OVERLOADED);
    }
    assertThat(done).hasValue(HANDS);
    assertThat(oneTurn.requestsInHand()).isZero();
    assertThat(oneTurn.ofAll()).isEmpty();
  }

  // Else a burst would have as many threads as it has requests, before the first of them counts.
  @Test
  void begin_noThreadYet_inHandAlready() {
    List<Runnable> stalled = stalled(HANDS);

    assertThat(oneTurn.begin(stalled::add, LimitsTest::neverDone).map(Refused::why))
        .contains(Why.OVERLOADED);
    assertThat(stalled).hasSize(HANDS);
    stalled.forEach(Runnable::run);
    assertThat(oneTurn.requestsInHand()).isZero();
  }

  @Test
  void begin_workThrows_inHandNoMore() {
    List<Runnable> stalled = new ArrayList<>();
    assertThat(oneTurn.begin(stalled::add, LimitsTest::workWithABug)).isEmpty();

    assertThatThrownBy(stalled.getFirst()::run).hasMessage("a bug");
    assertThat(oneTurn.requestsInHand()).isZero();
  }

  @Test
  void begin_noThreadToBeHad_refusedAndNotInHand() {
    Executor none =
        _ -> {
          throw new RejectedExecutionException("no thread for anybody");
        };

    assertThat(oneTurn.begin(none, LimitsTest::neverDone).map(Refused::why))
        .contains(Why.OVERLOADED);
    assertThat(oneTurn.requestsInHand()).isZero();
  }

  // What has passed the door in quieter times is refused too.
  @Test
  void begin_allTurnsTaken_withTwiceAsManyInHandRefused() {
    List<Runnable> stalled = stalled(HANDS_WHEN_BUSY);

    IssuanceOutcome inTurn =
        oneTurn.inTurn(
            POD_1, HERE, () -> oneTurn.begin(stalled::add, LimitsTest::neverDone).orElseThrow());

    assertThat(((Refused) inTurn).why()).isEqualTo(Why.OVERLOADED);
    assertThat(oneTurn.begin(stalled::add, () -> {})).isEmpty();
  }

  // After a restart all streams want their SVID at once.
  @Test
  void boundingGrants_manyGrants_allServedAndFewAtOnce() {
    var patient = Duration.ofMinutes(10);
    Limits limits =
        new Limits(
            Optional.empty(), Optional.empty(), OptionalInt.of(3), patient, patient, () -> 0);
    var finish = new Semaphore(0);
    var now = new AtomicInteger();
    var most = new AtomicInteger();
    var served = new AtomicInteger();
    GrantedIssuance bounded =
        limits.boundingGrants((_, _, _) -> {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          finish.acquireUninterruptibly();
          now.decrementAndGet();
          served.incrementAndGet();
          return DONE;
        });

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 1_000; i++) {
        threads.execute(() -> assertThat(grant(bounded)).isEqualTo(DONE));
      }
      while (now.get() < 3) {
        Thread.onSpinWait();
      }
      finish.release(1_000);
    }

    assertThat(served).hasValue(1_000);
    assertThat(most).hasValue(3);
  }

  @Test
  void boundingGrants_grantFindsNoTurn_overloadedAndRequestsGoOn() {
    Limits limits = limits(Optional.empty(), Optional.empty(), OptionalInt.of(1));
    GrantedIssuance inner = limits.boundingGrants((_, _, _) -> DONE);
    GrantedIssuance outer =
        limits.boundingGrants((_, _, _) -> {
          assertThat(why(limits, POD_1, HERE)).isEqualTo(Why.BAD_REQUEST);
          return grant(inner);
        });

    assertThat(((Refused) grant(outer)).why()).isEqualTo(Why.OVERLOADED);
    assertThat(grant(inner)).isEqualTo(DONE);
  }

  private static IssuanceOutcome grant(GrantedIssuance issuance) {
    return issuance.issue(Grant.own(CART, Duration.ofHours(1), List.of()), KEY, Optional.empty());
  }

  @Test
  void none_whatever_letThrough() {
    for (int i = 0; i < 1000; i++) {
      assertThat(Limits.none().ofAddress("10.0.0.1")).isEmpty();
      assertThat(why(Limits.none(), POD_1, HERE)).isEqualTo(Why.BAD_REQUEST);
    }
    assertThat(Limits.none().ofAll()).isEmpty();
  }

  private static IssuanceOutcome bug() {
    throw new IllegalStateException("a bug");
  }

  /** So many requests that were taken in hand, none of whose threads has begun. */
  private List<Runnable> stalled(int requests) {
    List<Runnable> stalled = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      assertThat(oneTurn.begin(stalled::add, () -> {})).isEmpty();
    }
    return stalled;
  }

  private static void workWithABug() {
    throw new IllegalStateException("a bug");
  }

  private static void neverDone() {
    throw new AssertionError("work was begun that was refused");
  }

  private static void pass(CountDownLatch inside, CountDownLatch release) {
    inside.countDown();
    try {
      release.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void exhaust(Limits limits, Proof proof, Call call) {
    for (int i = 0; i < TWICE.burst(); i++) {
      assertThat(why(limits, proof, call)).isEqualTo(Why.BAD_REQUEST);
    }
    assertThat(why(limits, proof, call)).isEqualTo(Why.CALLER_LIMITED);
  }

  private static Why why(Limits limits, Proof proof, Call call) {
    return ((Refused) limits.inTurn(proof, call, () -> DONE)).why();
  }

  private static Limits limits(
      Optional<RateLimit> perAddress, Optional<RateLimit> perCaller, OptionalInt concurrent) {
    Duration soon = Duration.ofMillis(1);
    return new Limits(perAddress, perCaller, concurrent, soon, soon, () -> 0);
  }

  private static Proof held(long serial) {
    return new HeldSvid(CART, Optional.empty(), new SerialNumber(BigInteger.valueOf(serial)));
  }

  private static Proof account(Optional<Pod> pod) {
    return new ServiceAccount(CART, Optional.empty(), "main", "shop", "cart", pod);
  }
}
