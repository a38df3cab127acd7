package io.signet.sds.envoy;

import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.signet.sds.AckLedger;
import io.signet.sds.FakeSecretSource;
import io.signet.sds.Holder;
import io.signet.sds.Naming;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** CORP-7: any message as the first of a stream, and again after it is answered. */
final class SdsRequestFuzz {

  private static final Holder WEB_1 = new Holder(WEB, "1");

  private final ManagedChannel channel;

  SdsRequestFuzz() throws IOException {
    String name = InProcessServerBuilder.generateName();
    var time = new FakeTimer(Instant.parse("2026-11-23T12:00:00Z"));
    var source = new FakeSecretSource();
    source.set(WEB_1, snapshot(1, 1));
    var endpoint =
        new SdsEndpoint(
            new SdsService(
                source,
                new AckLedger(time),
                new RecordingListener(),
                Duration.ofMinutes(5),
                time,
                time,
                Runnable::run),
            () -> new Caller(WEB_1, Optional.empty(), Optional.empty()),
            "test",
            Naming.STANDARD);
    var _ =
        InProcessServerBuilder.forName(name).directExecutor().addService(endpoint).build().start();
    channel = InProcessChannelBuilder.forName(name).directExecutor().build();
  }

  @MethodSource("seeds")
  @FuzzTest(maxExecutions = 50_000, maxDuration = "")
  void request(byte[] message) {
    DiscoveryRequest request;
    try {
      request = DiscoveryRequest.parseFrom(message);
    } catch (InvalidProtocolBufferException noMessage) {
      return; // never gets here: gRPC's own parser is before us
    }
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.says(request);
    if (proxy.isOpen()) {
      proxy.says(request);
    }
    if (proxy.isOpen()) {
      proxy.halfCloses();
    }
    assertThat(proxy.status().getCode()).isIn(Status.Code.OK, Status.Code.INVALID_ARGUMENT);
  }

  @MethodSource("deltaSeeds")
  @FuzzTest(maxExecutions = 50_000, maxDuration = "")
  void deltaRequest(byte[] message) {
    DeltaDiscoveryRequest request;
    try {
      request = DeltaDiscoveryRequest.parseFrom(message);
    } catch (InvalidProtocolBufferException noMessage) {
      return;
    }
    FakeDeltaProxy proxy = FakeDeltaProxy.open(channel);
    proxy.says(request);
    if (proxy.isOpen()) {
      proxy.says(request);
    }
    if (proxy.isOpen()) {
      proxy.halfCloses();
    }
    assertThat(proxy.status().getCode()).isIn(Status.Code.OK, Status.Code.INVALID_ARGUMENT);
  }

  static Stream<byte[]> deltaSeeds() {
    DeltaDiscoveryRequest first =
        DeltaDiscoveryRequest.newBuilder()
            .setNode(Node.newBuilder().setId("web-1").setCluster("web"))
            .addResourceNamesSubscribe("default")
            .addResourceNamesSubscribe("nobody")
            .putInitialResourceVersions("ROOTCA", "1")
            .build();
    return Stream.of(
            first,
            first.toBuilder().addResourceNamesUnsubscribe("default").setResponseNonce("2").build(),
            first.toBuilder().addResourceNamesSubscribe("*").build())
        .map(DeltaDiscoveryRequest::toByteArray);
  }

  static Stream<byte[]> seeds() {
    DiscoveryRequest first =
        FakeProxy.request("default", "ROOTCA")
            .setNode(Node.newBuilder().setId("web-1").setCluster("web"))
            .build();
    return Stream.of(
            first,
            first.toBuilder().setTypeUrl("type.googleapis.com/Cluster").build(),
            first.toBuilder().setVersionInfo("1").setResponseNonce("2").build(),
            first.toBuilder()
                .setErrorDetail(com.google.rpc.Status.newBuilder().setCode(3).setMessage("no"))
                .build())
        .map(DiscoveryRequest::toByteArray);
  }
}
