package io.signet.ca.grpc;

import static io.signet.ca.grpc.WorkloadPlane.REQUEST;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.RateLimit;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** RATE-2, ISTIO-29, ISTIO-32: whom the limits refuse before anything is done, and how. */
final class DoorTest {
  private static final int HANDS = 16; // for the one turn

  @Test
  void create_addressCallsTooOften_resourceExhaustedUnread() throws IOException {
    var twice = Optional.of(new RateLimit(1, 2));
    var limits = new Limits(twice, Optional.empty(), OptionalInt.empty(), () -> 0);
    try (var plane = new WorkloadPlane(limits)) {
      var client = plane.client();
      assertThat(client.createCertificate(REQUEST).getCertChainCount()).isEqualTo(3);
      assertThat(client.createCertificate(REQUEST).getCertChainCount()).isEqualTo(3);

      assertThat(refusal(plane).getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(plane.issuance.asked).hasSize(2);
      assertThat(turnedAway(plane)).containsExactly("127.0.0.1: ADDRESS_LIMITED");
    }
  }

  @Test
  void create_allHandsFull_unavailableAtOnceAndServedAgainAfterwards() throws Exception {
    var limits = new Limits(Optional.empty(), Optional.empty(), OptionalInt.of(1), () -> 0);
    var inside = new CountDownLatch(HANDS);
    var release = new CountDownLatch(1);
    try (var plane = new WorkloadPlane(limits);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      plane.issuance.answer = _ -> afterwards(inside, release);
      var client = plane.client();
      for (int i = 0; i < HANDS; i++) {
        threads.execute(
            () -> assertThat(client.createCertificate(REQUEST).getCertChainCount()).isPositive());
      }
      inside.await();

      assertThat(refusal(plane).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(plane.issuance.asked).hasSize(HANDS);
      assertThat(turnedAway(plane)).containsExactly("127.0.0.1: OVERLOADED");
      // Whoever looks after us must not take us for dead.
      assertThat(health(plane)).isEqualTo(ServingStatus.SERVING);

      release.countDown();
    }
  }

  // ISTIO-33: also who is turned away is told where in our log it is found.
  @Test
  void create_turnedAway_callerIsToldTheIdThatIsAudited() throws Exception {
    var none = Optional.of(new RateLimit(1, 1));
    var limits = new Limits(none, Optional.empty(), OptionalInt.empty(), () -> 0);
    try (var plane = new WorkloadPlane(limits)) {
      var _ = plane.client().createCertificate(REQUEST);

      Metadata trailers = requireNonNull(refusal(plane).getTrailers());

      Call call = plane.issuance.refusedEarly.take().call();
      assertThat(call.address()).isEqualTo("127.0.0.1");
      assertThat(trailers.get(CallOrigin.REQUEST_ID)).isEqualTo(call.id()).hasSize(16);
    }
  }

  // Headers without a request hold no place, however many there are.
  @Test
  void create_callsThatNeverSendTheirRequest_othersServed() throws IOException {
    var limits = new Limits(Optional.empty(), Optional.empty(), OptionalInt.of(1), () -> 0);
    try (var plane = new WorkloadPlane(limits)) {
      var channel = plane.channel(tls -> tls);
      for (int i = 0; i < 10 * HANDS; i++) {
        var _ = WorkloadPlane.begin(channel);
      }

      assertThat(plane.client().createCertificate(REQUEST).getCertChainCount()).isEqualTo(3);
      assertThat(plane.issuance.refusedEarly).isEmpty();
    }
  }

  private static IssuanceOutcome afterwards(CountDownLatch inside, CountDownLatch release) {
    inside.countDown();
    try {
      release.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return WorkloadPlane.ISSUED;
  }

  private static ServingStatus health(WorkloadPlane plane) {
    return HealthGrpc.newBlockingStub(plane.channel(tls -> tls))
        .check(HealthCheckRequest.getDefaultInstance())
        .getStatus();
  }

  private static StatusRuntimeException refusal(WorkloadPlane plane) {
    return catchThrowableOfType(
        StatusRuntimeException.class, () -> plane.client().createCertificate(REQUEST));
  }

  private static Stream<String> turnedAway(WorkloadPlane plane) {
    return plane.issuance.refusedEarly.stream()
        .map(early -> early.call().address() + ": " + early.refused().why());
  }
}
