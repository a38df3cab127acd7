package io.signet.sds.envoy;

import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc.SecretDiscoveryServiceImplBase;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.signet.sds.AckLedger;
import io.signet.sds.SecretSource;
import io.signet.sds.Timer;
import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/** Envoy's Secret Discovery Service (SDS-1): state of the world. */
public final class SdsEndpoint extends SecretDiscoveryServiceImplBase {
  private final Callers callers;
  private final SecretStream.Shared shared;
  private final AtomicLong streams = new AtomicLong();

  /**
   * @param clock tells how long a caller's proof still holds
   * @param timer ends the streams with their proofs
   * @param executor runs the streams, each of them one step at a time; must outlive them and the
   *     feeds of the source
   */
  public SdsEndpoint(
      SecretSource source,
      Callers callers,
      AckLedger ledger,
      Clock clock,
      Timer timer,
      Executor executor,
      SdsListener listener) {
    this.callers = callers;
    this.shared =
        new SecretStream.Shared(
            source, ledger, clock, timer, executor, listener, new SecretEncoder());
  }

  @Override
  public StreamObserver<DiscoveryRequest> streamSecrets(
      StreamObserver<DiscoveryResponse> responses) {
    Caller caller;
    try {
      caller = callers.current();
    } catch (StatusException refused) {
      responses.onError(refused);
      return new Deaf();
    }
    String name = Long.toString(streams.incrementAndGet(), Character.MAX_RADIX);
    var stream =
        new SecretStream(
            shared, caller, name, (ServerCallStreamObserver<DiscoveryResponse>) responses);
    stream.start();
    return stream;
  }

  /** What is left of a refused stream. */
  private static final class Deaf implements StreamObserver<DiscoveryRequest> {
    @Override
    public void onNext(DiscoveryRequest request) {}

    @Override
    public void onError(Throwable cancelled) {}

    @Override
    public void onCompleted() {}
  }
}
