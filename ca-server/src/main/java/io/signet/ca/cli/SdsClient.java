package io.signet.ca.cli;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.signet.ca.cli.ReceivedSecret.BadSecretException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One SDS stream, spoken as Envoy speaks it: state of the world, each response acknowledged, or
 * refused with its reason while the last good version stays.
 */
final class SdsClient implements AutoCloseable {
  private static final Node SELF =
      Node.newBuilder().setId("signet-svid").setCluster("signet-svid").build();

  /** What happens on a stream. */
  sealed interface Event {
    /**
     * The server sent secrets, and was told that they are good.
     *
     * @param version the server's name for this state
     */
    record Pushed(String version, List<ReceivedSecret> secrets) implements Event {}

    /** The server sent something no proxy could use, and was told so. */
    record Refused(String version, String why) implements Event {}

    /** The stream is over; nothing follows. */
    record Ended(Throwable why) implements Event {}
  }

  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Stream stream;

  private SdsClient(List<String> names) {
    this.stream = new Stream(names);
  }

  /** Opens a stream and asks for the names. */
  static SdsClient open(Channel channel, List<String> names) {
    var client = new SdsClient(List.copyOf(names));
    // The stub hands back the observer that the stream was given before it started.
    var _ = SecretDiscoveryServiceGrpc.newStub(channel).streamSecrets(client.stream);
    client.stream.begin();
    return client;
  }

  /** The next event; null when none comes in time. */
  @Nullable Event next(long time, TimeUnit unit) throws InterruptedException {
    return events.poll(time, unit);
  }

  /** The next event, however long it takes. */
  Event next() throws InterruptedException {
    return events.take();
  }

  /** Ends the stream, as a proxy that goes away. */
  @Override
  public void close() {
    stream.end();
  }

  private final class Stream
      implements ClientResponseObserver<DiscoveryRequest, DiscoveryResponse> {
    private final List<String> names;
    private volatile @Nullable ClientCallStreamObserver<DiscoveryRequest> requests;
    private String acceptedVersion = ""; // confined to the call's own executor

    Stream(List<String> names) {
      this.names = names;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<DiscoveryRequest> out) {
      requests = out;
    }

    void begin() {
      send(request().setNode(SELF).build());
    }

    void end() {
      ClientCallStreamObserver<DiscoveryRequest> out = requests;
      if (out != null) {
        out.cancel("done", null);
      }
    }

    @Override
    public void onNext(DiscoveryResponse response) {
      try {
        List<ReceivedSecret> secrets = understood(response);
        acceptedVersion = response.getVersionInfo();
        send(answer(response).build());
        events.add(new Event.Pushed(response.getVersionInfo(), secrets));
      } catch (BadSecretException e) {
        send(answer(response).setErrorDetail(reason(e)).build());
        events.add(new Event.Refused(response.getVersionInfo(), String.valueOf(e.getMessage())));
      }
    }

    @Override
    public void onError(Throwable t) {
      events.add(new Event.Ended(t));
    }

    @Override
    public void onCompleted() {
      events.add(
          new Event.Ended(
              io.grpc.Status.UNAVAILABLE
                  .withDescription("the server ended the stream")
                  .asRuntimeException()));
    }

    private static List<ReceivedSecret> understood(DiscoveryResponse response)
        throws BadSecretException {
      List<ReceivedSecret> secrets = new ArrayList<>();
      for (Any resource : response.getResourcesList()) {
        secrets.add(ReceivedSecret.of(resource));
      }
      return secrets;
    }

    private DiscoveryRequest.Builder answer(DiscoveryResponse response) {
      return request().setVersionInfo(acceptedVersion).setResponseNonce(response.getNonce());
    }

    private DiscoveryRequest.Builder request() {
      return DiscoveryRequest.newBuilder()
          .setTypeUrl(ReceivedSecret.TYPE_URL)
          .addAllResourceNames(names);
    }

    private static Status reason(BadSecretException e) {
      return Status.newBuilder()
          .setCode(Code.INVALID_ARGUMENT_VALUE)
          .setMessage(String.valueOf(e.getMessage()))
          .build();
    }

    private void send(DiscoveryRequest request) {
      ClientCallStreamObserver<DiscoveryRequest> out = requests;
      if (out != null) {
        out.onNext(request);
      }
    }
  }
}
