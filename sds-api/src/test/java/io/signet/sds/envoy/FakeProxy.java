package io.signet.sds.envoy;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A peer on one stream that does only what the test says. */
final class FakeProxy implements ClientResponseObserver<DiscoveryRequest, DiscoveryResponse> {
  private final List<DiscoveryResponse> responses = new ArrayList<>();
  private final int readAhead;
  private @Nullable ClientCallStreamObserver<DiscoveryRequest> stream;
  private Optional<Status> ended = Optional.empty();

  private FakeProxy(int readAhead) {
    this.readAhead = readAhead;
  }

  /** One that reads all it is sent. */
  static FakeProxy open(Channel channel) {
    return open(channel, 1_000);
  }

  /** One that reads nothing yet. */
  static FakeProxy openSlow(Channel channel) {
    return open(channel, 0);
  }

  private static FakeProxy open(Channel channel, int readAhead) {
    var proxy = new FakeProxy(readAhead);
    var _ = SecretDiscoveryServiceGrpc.newStub(channel).streamSecrets(proxy);
    return proxy;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<DiscoveryRequest> requests) {
    stream = requests;
    requests.disableAutoRequestWithInitial(readAhead);
  }

  @Override
  public void onNext(DiscoveryResponse response) {
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

  void asks(String... names) {
    says(request(names).setNode(Node.newBuilder().setId("web-1").setCluster("web")).build());
  }

  void acks(String... names) {
    says(request(names).setResponseNonce(last().getNonce()).build());
  }

  void nacks(String error, String... names) {
    says(
        request(names)
            .setResponseNonce(last().getNonce())
            .setErrorDetail(
                com.google.rpc.Status.newBuilder().setCode(Code.INTERNAL_VALUE).setMessage(error))
            .build());
  }

  void says(DiscoveryRequest request) {
    stream().onNext(request);
  }

  void reads(int messages) {
    stream().request(messages);
  }

  void halfCloses() {
    stream().onCompleted();
  }

  void cancels() {
    stream().cancel("the test says so", null);
  }

  List<DiscoveryResponse> responses() {
    return responses;
  }

  DiscoveryResponse last() {
    return responses.getLast();
  }

  /** The names in each response, in order. */
  List<List<String>> names() {
    return responses.stream().map(FakeProxy::namesIn).toList();
  }

  boolean isOpen() {
    return ended.isEmpty();
  }

  Status status() {
    return ended.orElseThrow();
  }

  static DiscoveryRequest.Builder request(String... names) {
    return DiscoveryRequest.newBuilder()
        .setTypeUrl(SecretEncoder.TYPE_URL)
        .addAllResourceNames(List.of(names));
  }

  private static List<String> namesIn(DiscoveryResponse response) {
    var names = new ArrayList<String>();
    for (var resource : response.getResourcesList()) {
      try {
        names.add(resource.unpack(Secret.class).getName());
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException(e);
      }
    }
    return names;
  }

  private ClientCallStreamObserver<DiscoveryRequest> stream() {
    if (stream == null) {
      throw new IllegalStateException("not open");
    }
    return stream;
  }
}
