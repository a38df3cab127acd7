package io.signet.e2e;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An open SDS stream: what it was sent, and how it ended. */
final class WatchedStream implements StreamObserver<DiscoveryResponse>, AutoCloseable {
  private final AtomicInteger responses = new AtomicInteger();
  private volatile @Nullable Status status;
  private @Nullable StreamObserver<DiscoveryRequest> requests;

  private WatchedStream() {}

  static WatchedStream open(Channel channel, String... names) {
    var stream = new WatchedStream();
    stream.requests = SecretDiscoveryServiceGrpc.newStub(channel).streamSecrets(stream);
    stream.requests.onNext(
        DiscoveryRequest.newBuilder()
            .setNode(Node.newBuilder().setId("watched").setCluster("e2e"))
            .addAllResourceNames(List.of(names))
            .build());
    return stream;
  }

  int responses() {
    return responses.get();
  }

  boolean isOver() {
    return status != null;
  }

  Status status() {
    Status ended = status;
    if (ended == null) {
      throw new IllegalStateException("still open");
    }
    return ended;
  }

  @Override
  public void onNext(DiscoveryResponse response) {
    responses.incrementAndGet();
  }

  @Override
  public void onError(Throwable why) {
    status = Status.fromThrowable(why);
  }

  @Override
  public void onCompleted() {
    status = Status.OK;
  }

  @Override
  public void close() {
    if (requests != null && !isOver()) {
      requests.onCompleted();
    }
  }
}
