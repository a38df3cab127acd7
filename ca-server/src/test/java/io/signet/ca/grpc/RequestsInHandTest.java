package io.signet.ca.grpc;

import static io.signet.ca.grpc.WorkloadPlane.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.ca.issuance.Limits;
import io.signet.proto.istio.IstioCertificateRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * RATE-2, ISTIO-30: a request is in hand from when it was read, not only once a thread begins it,
 * until its work has ended.
 */
final class RequestsInHandTest {
  private static final int HANDS = 16; // for the one turn

  private final Limits limits =
      new Limits(Optional.empty(), Optional.empty(), OptionalInt.of(1), () -> 0);
  private final BlockingQueue<Runnable> stalled = new LinkedBlockingQueue<>();
  private WorkloadPlane plane;

  @BeforeEach
  void start() throws IOException {
    plane = new WorkloadPlane(limits);
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  // ISTIO-29, ISTIO-32: all of them pass the door, for none is read yet, and then come at once.
  @Test
  void create_burstBeforeAnyThreadBegins_thoseBeyondTheHandsUnavailableAtOnce() {
    var channel = plane.channel(tls -> tls);
    connect(channel);
    plane.workers = stalled::add;
    var calls = Stream.generate(() -> WorkloadPlane.begin(channel)).limit(3 * HANDS).toList();
    calls.forEach(call -> call.send(REQUEST));

    for (var beyond : calls.subList(HANDS, 3 * HANDS)) {
      assertThat(beyond.status()).isEqualTo(Status.Code.UNAVAILABLE);
    }
    assertThat(stalled).hasSize(HANDS);
    assertThat(limits.requestsInHand()).isEqualTo(HANDS);
    assertThat(plane.issuance.refusedEarly)
        .hasSize(2 * HANDS)
        .allSatisfy(early -> assertThat(early.refused().why()).isEqualTo(Why.OVERLOADED));

    stalled.forEach(Thread::startVirtualThread);
    for (var within : calls.subList(0, HANDS)) {
      assertThat(within.status()).isEqualTo(Status.Code.OK);
    }
    awaitNoneInHand();
    plane.workers = Thread::startVirtualThread;
    assertThat(sent(REQUEST).status()).isEqualTo(Status.Code.OK);
  }

  static Stream<Arguments> endings() {
    return Stream.of(
        ending("answered", Status.Code.OK, _ -> WorkloadPlane.ISSUED),
        ending(
            "refused",
            Status.Code.PERMISSION_DENIED,
            _ -> new Refused(Why.NOT_ENTITLED, "not entitled")),
        ending("failed", Status.Code.INTERNAL, _ -> bug()),
        ending("out of memory", Status.Code.INTERNAL, _ -> outOfMemory()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("endings")
  void create_workEnds_inHandNoMore(
      String how, Status.Code code, Function<IssuanceRequest, IssuanceOutcome> answer) {
    plane.issuance.answer =
        asked -> {
          assertThat(limits.requestsInHand()).isOne();
          return answer.apply(asked);
        };

    assertThat(sent(REQUEST).status()).as(how).isEqualTo(code);
    awaitNoneInHand();
  }

  // A client that resets its calls as fast as it makes them would have a thread for each.
  @Test
  void create_callerGone_inHandUntilItsWorkHasEnded() throws Exception {
    plane.workers = stalled::add;
    plane.issuance.answer = RequestsInHandTest::onceItsCallerIsGone;
    var call = sent(REQUEST);
    Runnable work = next(stalled);

    call.call().cancel("does not wait", null);
    assertThat(call.status()).isEqualTo(Status.Code.CANCELLED);
    assertThat(limits.requestsInHand()).isOne();

    work.run();
    assertThat(limits.requestsInHand()).isZero();
  }

  @Test
  void create_noThreadWithinOurLimit_unavailableAndItsWorkNeverDone() throws Exception {
    try (var hasty = new WorkloadPlane(limits, Duration.ofMillis(50))) {
      hasty.workers = stalled::add;
      var call = WorkloadPlane.begin(hasty.channel(tls -> tls));
      call.send(REQUEST);

      assertThat(call.status()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(limits.requestsInHand()).isOne();

      next(stalled).run();
      assertThat(limits.requestsInHand()).isZero();
      assertThat(hasty.issuance.asked).isEmpty();
    }
  }

  @Test
  void create_threadRefused_unavailableAndInHandNoMore() {
    plane.workers =
        _ -> {
          throw new RejectedExecutionException("no thread for anybody");
        };

    assertThat(sent(REQUEST).status()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(limits.requestsInHand()).isZero();
  }

  @Test
  void create_noRequestOfOurs_neverInHand() {
    plane.workers = stalled::add;
    var large = REQUEST.toBuilder().setCsr("x".repeat(16 * 1024 + 1)).build();
    var silent = WorkloadPlane.begin(plane.channel(tls -> tls));
    silent.call().halfClose();

    for (var call : List.of(sent(large), silent)) {
      assertThat(call.status()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(limits.requestsInHand()).isZero();
    }
    assertThat(stalled).isEmpty();
  }

  // What is begun on a channel without a connection is sent call by call once it has one.
  private void connect(ManagedChannel channel) {
    var call = WorkloadPlane.begin(channel);
    call.send(REQUEST);
    assertThat(call.status()).isEqualTo(Status.Code.OK);
    awaitNoneInHand();
  }

  private WorkloadPlane.Begun sent(IstioCertificateRequest request) {
    var call = WorkloadPlane.begin(plane.channel(tls -> tls));
    call.send(request);
    return call;
  }

  private static IssuanceOutcome onceItsCallerIsGone(IssuanceRequest asked) {
    while (!asked.call().isOver()) {
      Thread.onSpinWait();
    }
    return WorkloadPlane.ISSUED;
  }

  private static Runnable next(BlockingQueue<Runnable> stalled) throws InterruptedException {
    return Optional.ofNullable(stalled.poll(30, TimeUnit.SECONDS)).orElseThrow();
  }

  // The answer may be here a moment before the thread that sent it has ended.
  private void awaitNoneInHand() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (limits.requestsInHand() > 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(limits.requestsInHand()).isZero();
  }

  private static Arguments ending(
      String how, Status.Code code, Function<IssuanceRequest, IssuanceOutcome> answer) {
    return Arguments.of(how, code, answer);
  }

  private static IssuanceOutcome bug() {
    throw new IllegalStateException("a bug, thrown by this test");
  }

  private static IssuanceOutcome outOfMemory() {
    throw new OutOfMemoryError("thrown by this test");
  }
}
