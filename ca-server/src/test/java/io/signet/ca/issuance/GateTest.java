package io.signet.ca.issuance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** RATE-2: how much is done at once. */
final class GateTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  @Test
  void enter_sixteenForEachTurn_theNextNotUntilOneLeaves() {
    var gate = new Gate(2, LONG);
    enter(gate, 32);

    assertThat(gate.isCrowded()).isTrue();
    assertThat(gate.enter()).isFalse();
    assertThat(gate.inHand()).isEqualTo(32);
    gate.leave();
    assertThat(gate.isCrowded()).isFalse();
    assertThat(gate.enter()).isTrue();
  }

  // Those that are still to be judged keep nobody from a turn.
  @Test
  void awaitTurn_manyInHand_turnsFree() {
    var gate = new Gate(2, Duration.ZERO);
    enter(gate, 31);

    assertThat(gate.awaitTurn()).isTrue();
    assertThat(gate.inTurn()).isOne();
  }

  @Test
  void awaitTurn_noneFreeInTime_false() {
    var gate = new Gate(1, Duration.ofMillis(1));
    assertThat(gate.awaitTurn()).isTrue();

    assertThat(gate.awaitTurn()).isFalse();
    assertThat(gate.waiting()).isZero();
    gate.endTurn();
    assertThat(gate.awaitTurn()).isTrue();
  }

  @Test
  void awaitTurn_allTaken_firstComeFirstServed() {
    var gate = new Gate(1, LONG);
    assertThat(gate.awaitTurn()).isTrue();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var first = CompletableFuture.supplyAsync(gate::awaitTurn, threads);
      awaitWaiting(gate, 1);
      var second = CompletableFuture.supplyAsync(gate::awaitTurn, threads);
      awaitWaiting(gate, 2);

      gate.endTurn();
      assertThat(first.join()).isTrue();
      assertThat(second).isNotDone();
      gate.endTurn();
      assertThat(second.join()).isTrue();
    }
    assertThat(gate.waiting()).isZero();
  }

  // Whoever is let in then only makes the others slower.
  @Test
  void isCrowded_allTurnsTaken_withTwiceAsManyInHand() {
    var gate = new Gate(2, LONG);
    enter(gate, 2);
    assertThat(gate.awaitTurn()).isTrue();
    assertThat(gate.awaitTurn()).isTrue();
    enter(gate, 1);
    assertThat(gate.isCrowded()).isFalse();
    enter(gate, 1);
    assertThat(gate.isCrowded()).isTrue();

    gate.endTurn();
    assertThat(gate.isCrowded()).isFalse();
  }

  // An API server that hangs keeps the callers of others from nothing.
  @Test
  void isCrowded_manyStillToBeJudged_notWhileTurnsAreFree() {
    var gate = new Gate(2, LONG);
    enter(gate, 31);

    assertThat(gate.isCrowded()).isFalse();
    enter(gate, 1);
    assertThat(gate.isCrowded()).isTrue();
  }

  private static void enter(Gate gate, int times) {
    IntStream.range(0, times).forEach(_ -> assertThat(gate.enter()).isTrue());
  }

  @Test
  void awaitTurn_interrupted_false() {
    var gate = new Gate(1, LONG);
    assertThat(gate.awaitTurn()).isTrue();
    Thread.currentThread().interrupt();

    assertThat(gate.awaitTurn()).isFalse();
    assertThat(Thread.interrupted()).isTrue();
  }

  private static void awaitWaiting(Gate gate, int count) {
    while (gate.waiting() < count) {
      Thread.onSpinWait();
    }
  }
}
