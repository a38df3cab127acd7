package io.signet.sds.envoy;

import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.signet.sds.AckLedger;
import io.signet.sds.FakeSecretSource;
import io.signet.sds.Holder;
import io.signet.sds.Naming;
import io.signet.sds.Snapshot;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The endpoint under real threads: no update is lost and no two responses cross. */
class SdsEndpointThreadsTest {
  private static final int CHANGES = 200;
  private static final List<Snapshot> SNAPSHOTS =
      IntStream.rangeClosed(1, CHANGES).mapToObj(number -> snapshot(number, 1)).toList();

  private static final List<String> VERSIONS =
      SNAPSHOTS.stream().map(snapshot -> snapshot.svids().getFirst().version()).toList();
  private static final Holder HOLDER = new Holder(WEB, "");

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final FakeSecretSource source = new FakeSecretSource();
  private final Server server;
  private final ManagedChannel channel;

  SdsEndpointThreadsTest() throws IOException {
    String name = InProcessServerBuilder.generateName();
    var endpoint =
        new SdsEndpoint(
            new SdsService(
                source,
                new AckLedger(Clock.systemUTC()),
                new RecordingListener(),
                Duration.ofMinutes(5),
                Clock.systemUTC(),
                new FakeTimer(Instant.EPOCH),
                threads),
            () -> new Caller(HOLDER, Optional.empty(), Optional.empty()),
            "test",
            Naming.STANDARD);
    server =
        InProcessServerBuilder.forName(name).executor(threads).addService(endpoint).build().start();
    channel = InProcessChannelBuilder.forName(name).executor(threads).build();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
    threads.close();
  }

  @Test // ISTIO-96: concurrent connections
  @Timeout(60)
  void change_whileStreamsOpenAndAck_everyStreamEndsWithTheNewest() {
    String newest = SNAPSHOTS.getLast().svids().getFirst().version();
    List<Acker> ackers = IntStream.range(0, 50).mapToObj(_ -> new Acker(newest)).toList();
    ackers.forEach(acker -> threads.execute(acker::open));

    source.set(HOLDER, SNAPSHOTS.getFirst());
    ackers.forEach(acker -> acker.first.join());

    SNAPSHOTS.forEach(snapshot -> source.set(HOLDER, snapshot));

    ackers.forEach(acker -> assertThat(acker.done.join()).isSorted());
  }

  /** Acknowledges what it is sent, until the newest version arrives. */
  private final class Acker implements ClientResponseObserver<DiscoveryRequest, DiscoveryResponse> {
    private final String newest;
    private final CompletableFuture<Boolean> first = new CompletableFuture<>();
    private final CompletableFuture<List<Integer>> done = new CompletableFuture<>();
    private final List<Integer> received = new ArrayList<>();
    private @Nullable ClientCallStreamObserver<DiscoveryRequest> requests;

    Acker(String newest) {
      this.newest = newest;
    }

    void open() {
      SecretDiscoveryServiceGrpc.newStub(channel)
          .streamSecrets(this)
          .onNext(FakeProxy.request("default").build());
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<DiscoveryRequest> stream) {
      requests = stream;
    }

    @Override
    public void onNext(DiscoveryResponse response) {
      received.add(VERSIONS.indexOf(response.getVersionInfo()));
      first.complete(true);
      if (response.getVersionInfo().equals(newest)) {
        done.complete(received);
      } else if (requests != null) {
        requests.onNext(FakeProxy.request("default").setResponseNonce(response.getNonce()).build());
      }
    }

    @Override
    public void onError(Throwable error) {
      done.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
      done.completeExceptionally(new IllegalStateException("completed"));
    }
  }
}
