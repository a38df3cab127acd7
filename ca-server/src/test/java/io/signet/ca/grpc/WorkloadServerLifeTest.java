package io.signet.ca.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateResponse;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class WorkloadServerLifeTest {
  private static final String SERVICE = "istio.v1.auth.IstioCertificateService";

  @Test
  void health_started_serving() throws IOException {
    try (var plane = new WorkloadPlane()) {
      var health = HealthGrpc.newBlockingStub(plane.channel(tls -> tls));

      assertThat(health.check(service("")).getStatus()).isEqualTo(ServingStatus.SERVING);
      assertThat(health.check(service(SERVICE)).getStatus()).isEqualTo(ServingStatus.SERVING);
    }
  }

  @Test
  void reflection_services_named() throws IOException {
    try (var plane = new WorkloadPlane()) {
      assertThat(Reflection.services(plane.channel(tls -> tls))).contains(SERVICE);
    }
  }

  @Test
  void stop_callInFlight_answered() throws Exception {
    try (var plane = new WorkloadPlane()) {
      var working = new CountDownLatch(1);
      var release = new CountDownLatch(1);
      plane.issuance.answer = _ -> answeredAfter(working, release);
      var call = new First<IstioCertificateResponse>();
      var channel = plane.channel(tls -> tls);
      IstioCertificateServiceGrpc.newStub(channel)
          .createCertificate(IstioCertificateRequest.getDefaultInstance(), call);
      var health = HealthGrpc.newBlockingStub(channel).watch(service(""));
      working.await();

      var stopping = CompletableFuture.runAsync(() -> plane.server.stop(Duration.ofSeconds(30)));
      assertThat(endOf(health)).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(stopping).isNotDone();
      release.countDown();

      assertThat(call.get().getCertChainCount()).isEqualTo(3);
      stopping.get();
    }
  }

  // Streams have no end of their own: were they waited for, this test would take an hour.
  @Test
  void stop_openStream_endedAtOnceForTheClientToGoElsewhere() throws IOException {
    try (var plane = new WorkloadPlane()) {
      var health = HealthGrpc.newBlockingStub(plane.channel(tls -> tls)).watch(service(""));
      assertThat(health.next().getStatus()).isEqualTo(ServingStatus.SERVING);

      plane.server.stop(Duration.ofHours(1));

      assertThat(endOf(health)).isEqualTo(Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void stop_callThatNeverEnds_cancelledAfterGrace() throws Exception {
    try (var plane = new WorkloadPlane()) {
      var working = new CountDownLatch(1);
      var release = new CountDownLatch(1);
      plane.issuance.answer = _ -> answeredAfter(working, release);
      var call = new First<IstioCertificateResponse>();
      IstioCertificateServiceGrpc.newStub(plane.channel(tls -> tls))
          .createCertificate(IstioCertificateRequest.getDefaultInstance(), call);
      working.await();

      plane.server.stop(Duration.ZERO);

      assertThatThrownBy(call::get).hasCauseInstanceOf(StatusRuntimeException.class);
      release.countDown();
    }
  }

  @Test
  void stop_twice_harmless() throws IOException {
    try (var plane = new WorkloadPlane()) {
      plane.server.stop(Duration.ZERO);
      plane.server.stop(Duration.ZERO);
    }
  }

  @Test
  void start_portTaken_namedWithCause() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), taken.getLocalPort());

      assertThatThrownBy(() -> start(address))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot listen on localhost:" + taken.getLocalPort())
          .hasMessageContaining("Address already in use");
    }
  }

  // RFC 5737: an address that is nobody's.
  @Test
  void start_addressNotLocal_namedWithCause() {
    assertThatThrownBy(() -> start(new InetSocketAddress(nobodys(), 8443)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot listen on 192.0.2.1:8443")
        .hasMessageContaining("Cannot assign requested address");
  }

  @Test
  void start_unknownHost_named() {
    assertThatThrownBy(() -> start(InetSocketAddress.createUnresolved("nowhere.invalid", 8443)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nowhere.invalid")
        .hasMessageContaining("unknown host");
  }

  private static InetAddress nobodys() throws UnknownHostException {
    return InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
  }

  private static WorkloadServer start(InetSocketAddress address) throws IOException {
    return WorkloadServer.start(
        List.of(
            new WorkloadListener.Tls(
                address, () -> WorkloadPlane.INTERMEDIATE.server().serving(), List.of())),
        List.of());
  }

  private static IssuanceOutcome answeredAfter(CountDownLatch working, CountDownLatch release) {
    working.countDown();
    try {
      release.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return WorkloadPlane.ISSUED;
  }

  private static HealthCheckRequest service(String name) {
    return HealthCheckRequest.newBuilder().setService(name).build();
  }

  private static Status.Code endOf(Iterator<HealthCheckResponse> stream) {
    try {
      while (stream.hasNext()) {
        var _ = stream.next();
      }
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  /** The first answer, or how the call failed. */
  private static final class First<T> extends CompletableFuture<T> implements StreamObserver<T> {
    @Override
    public void onNext(T answer) {
      var _ = complete(answer);
    }

    @Override
    public void onError(Throwable failure) {
      var _ = completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {}
  }
}
