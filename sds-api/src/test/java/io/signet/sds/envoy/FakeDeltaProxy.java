package io.signet.sds.envoy;

import com.google.rpc.Code;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A peer on one delta stream that does only what the test says. */
final class FakeDeltaProxy implements StreamObserver<DeltaDiscoveryResponse> {
  private final List<DeltaDiscoveryResponse> responses = new ArrayList<>();
  private @Nullable StreamObserver<DeltaDiscoveryRequest> stream;
  private Optional<Status> ended = Optional.empty();

  private FakeDeltaProxy() {}

  static FakeDeltaProxy open(Channel channel) {
    var proxy = new FakeDeltaProxy();
    proxy.stream = SecretDiscoveryServiceGrpc.newStub(channel).deltaSecrets(proxy);
    return proxy;
  }

  @Override
  public void onNext(DeltaDiscoveryResponse response) {
    responses.add(response);
  }

  @Override
  public void onError(Throwable error) {
    ended = Optional.of(Status.fromThrowable(error));
  }

  @Override
  public void onCompleted() {
    ended = Optional.of(Status.OK);
  }

  void subscribes(String... names) {
    says(
        DeltaDiscoveryRequest.newBuilder()
            .setNode(Node.newBuilder().setId("web-1").setCluster("web"))
            .addAllResourceNamesSubscribe(List.of(names)));
  }

  void acks() {
    says(DeltaDiscoveryRequest.newBuilder().setResponseNonce(last().getNonce()));
  }

  void nacks(String error) {
    says(
        DeltaDiscoveryRequest.newBuilder()
            .setResponseNonce(last().getNonce())
            .setErrorDetail(
                com.google.rpc.Status.newBuilder().setCode(Code.INTERNAL_VALUE).setMessage(error)));
  }

  List<DeltaDiscoveryResponse> responses() {
    return responses;
  }

  DeltaDiscoveryResponse last() {
    return responses.getLast();
  }

  Status status() {
    return ended.orElseThrow();
  }

  boolean isOpen() {
    return ended.isEmpty();
  }

  void halfCloses() {
    stream().onCompleted();
  }

  void says(DeltaDiscoveryRequest request) {
    stream().onNext(request);
  }

  private void says(DeltaDiscoveryRequest.Builder request) {
    says(request.setTypeUrl(SecretEncoder.TYPE_URL).build());
  }

  private StreamObserver<DeltaDiscoveryRequest> stream() {
    if (stream == null) {
      throw new IllegalStateException("not open");
    }
    return stream;
  }
}
