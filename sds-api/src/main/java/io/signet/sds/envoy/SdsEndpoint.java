package io.signet.sds.envoy;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc.SecretDiscoveryServiceImplBase;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.signet.sds.Naming;
import io.signet.sds.envoy.SecretStream.Listening;
import java.util.concurrent.CompletableFuture;

/**
 * Envoy's Secret Discovery Service on one listener (SDS-1): state of the world, delta and fetch.
 */
public final class SdsEndpoint extends SecretDiscoveryServiceImplBase {
  private final SdsService shared;
  private final Callers callers;
  private final Listening listening;

  /**
   * @param listener its name, for people
   * @param naming the names that callers of this listener use
   */
  public SdsEndpoint(SdsService shared, Callers callers, String listener, Naming naming) {
    this.shared = shared;
    this.callers = callers;
    this.listening = new Listening(listener, naming);
  }

  @Override
  public StreamObserver<DiscoveryRequest> streamSecrets(
      StreamObserver<DiscoveryResponse> responses) {
    return stream(new Dialect.StateOfTheWorld(), responses);
  }

  @Override
  public StreamObserver<DeltaDiscoveryRequest> deltaSecrets(
      StreamObserver<DeltaDiscoveryResponse> responses) {
    return stream(new Dialect.Delta(), responses);
  }

  private <Q, R> StreamObserver<Q> stream(Dialect<Q, R> dialect, StreamObserver<R> responses) {
    Caller caller;
    try {
      caller = callers.current();
    } catch (StatusException refused) {
      responses.onError(refused);
      return new Deaf<>();
    }
    var stream =
        new SecretStream<>(
            shared, listening, dialect, caller, (ServerCallStreamObserver<R>) responses);
    stream.start();
    return stream;
  }

  @Override
  public void fetchSecrets(DiscoveryRequest request, StreamObserver<DiscoveryResponse> responses) {
    Caller caller;
    try {
      caller = callers.current();
    } catch (StatusException refused) {
      responses.onError(refused);
      return;
    }
    CompletableFuture<DiscoveryResponse> answer = fetch(caller, request);
    ((ServerCallStreamObserver<DiscoveryResponse>) responses)
        .setOnCancelHandler(() -> answer.cancel(false));
    var _ =
        answer.whenComplete((found, failed) -> {
          if (failed == null) {
            responses.onNext(found);
            responses.onCompleted();
          } else {
            responses.onError(failed);
          }
        });
  }

  /**
   * The same without a gRPC call, for a caller that was attested in another way: what it may have
   * of the names that it asks for (SDS-22). A secret that is still being made is waited for, for a
   * few seconds.
   *
   * @return fails with a {@link StatusException}: NOT_FOUND if there is nothing of these names,
   *     UNAVAILABLE if there is nothing yet, INVALID_ARGUMENT. Cancelling it ends the waiting.
   */
  public CompletableFuture<DiscoveryResponse> fetch(Caller caller, DiscoveryRequest request) {
    return SecretFetch.begin(shared, listening, caller, request);
  }

  /** What is left of a refused stream. */
  private static final class Deaf<Q> implements StreamObserver<Q> {
    @Override
    public void onNext(Q request) {}

    @Override
    public void onError(Throwable cancelled) {}

    @Override
    public void onCompleted() {}
  }
}
