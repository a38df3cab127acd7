package io.signet.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.BuildVersion;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.envoyproxy.envoy.type.v3.SemanticVersion;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.signet.ca.testing.UnixChannel;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Ports;
import io.signet.e2e.peers.Started;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Proxies that do what no Envoy does, beside two that do what it should, all of one identity. */
@Tag("e2e")
final class MisbehavingProxiesE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int MOST_NAMES = 1_000;
  private static final int MOST_NEW_THREADS = 20;
  private static final long MOST_NEW_BYTES = 64 << 20;
  private static final Node NODE = Node.newBuilder().setId("bad").setCluster("e2e").build();

  @TempDir private Path folder;

  /** An Envoy with traffic through it. */
  private record Good(Envoy envoy, Traffic traffic) {}

  // SC-10, SC-16, SET-7, SDS-6, SDS-13
  @Test
  void proxies_misbehaving_othersAreServedAndNothingGrows() throws Exception {
    var server = ServerFolder.create(folder.resolve("server"));
    server.configureMore("svid: { default-lifetime: 20s }\n");
    try (var signet = SignetProcess.serve(server.config());
        var all = new Started()) {
      List<Good> good = List.of(good(signet, Api.GRPC, all), good(signet, Api.DELTA_GRPC, all));
      long streams = metric(signet, "signet_sds_streams");
      int threads = threads(signet);
      long bytes = liveBytes(signet);

      try (var bad = new Started()) {
        var nacker = new Proxy(MisbehavingProxiesE2eTest::nack);
        misbehave(signet, nacker, bad);
        awaitRenewals(good);

        assertThat(nacker.responses.get()).isBetween(1, pushesFor(nacker, signet));
        Await.until(
            "each NACK to be counted",
            SOON,
            () -> isAt(signet, "signet_sds_nacks_total", nacker.responses.get()));
        assertThat(metric(signet, "signet_sds_missing_total")).isGreaterThanOrEqualTo(MOST_NAMES);
        assertThatAllAreSeen(signet);
        assertThat(threads(signet)).isLessThan(threads + MOST_NEW_THREADS);
        assertThat(liveBytes(signet)).isLessThan(bytes + MOST_NEW_BYTES);
      }

      Await.until("the streams to end", SOON, () -> isAt(signet, "signet_sds_streams", streams));
      Await.until("nothing to be left", SOON, () -> openStreams(signet) == streams);
      awaitRenewals(good);
      for (Good each : good) {
        assertThat(each.envoy.total("\\.ssl\\.(connection_error|fail_verify_.*)$")).isZero();
        assertThat(each.envoy.total("^sds\\..*\\.(update_rejected|update_failure)$")).isZero();
      }
      assertThat(signet.log()).doesNotContain("internal error", " ERROR ");
    }
  }

  // SDS-9: what an operator looks at who wonders why a root does not arrive.
  private static void assertThatAllAreSeen(SignetProcess signet) throws IOException {
    assertThat(signet.get("/v1/sds/subscribers?behind=true").body())
        .contains("\"state\":\"refused\"", "\"nack\":\"never\"", "\"state\":\"silent\"")
        .contains("\"node\":\"bad\"", "unix:" + signet.socket())
        .doesNotContain("\"state\":\"missing\",\"version\"");
    assertThat(signet.get("/v1/sds/subscribers").body())
        .contains("\"state\":\"acknowledged\"", "{\"name\":\"name-999\",\"state\":\"missing\"");
  }

  private static Good good(SignetProcess signet, Api api, Started all) throws IOException {
    var source = SdsSource.unix(signet.socket()).by(api);
    var envoy = Envoy.start(MeshConfig.both(source, Ports.free()).yaml());
    all.add(envoy::close);
    envoy.awaitReady();
    var traffic = Traffic.to(envoy.listenerPort("out"), "x-client: " + ServerFolder.CALLER);
    all.add(traffic::close);
    return new Good(envoy, traffic);
  }

  private static void awaitRenewals(List<Good> good) throws IOException {
    List<Set<String>> before = new ArrayList<>();
    for (Good each : good) {
      before.add(Mesh.serials(each.envoy));
    }
    for (int i = 0; i < good.size(); i++) {
      Envoy envoy = good.get(i).envoy;
      Set<String> old = before.get(i);
      Await.until("a renewal", SOON, () -> !Mesh.serials(envoy).equals(old));
      good.get(i).traffic.awaitMore(10, SOON);
    }
  }

  private static void misbehave(SignetProcess signet, Proxy nacker, Started bad)
      throws IOException {
    long before = metric(signet, "signet_sds_streams");
    var channel = UnixChannel.to(signet.socket(), "sds-grpc");
    bad.add(channel::close);
    nacker.ask(channel.channel(), asking("default", "ROOTCA"));
    var silent = new Proxy((_, _) -> {});
    silent.ask(channel.channel(), asking("default", "ROOTCA"));
    var greedy = new Proxy((_, _) -> {});
    greedy.ask(channel.channel(), asking(names(MOST_NAMES)));
    List<DiscoveryRequest> hostile = hostile();
    hostile.forEach(request -> new Proxy((_, _) -> {}).ask(channel.channel(), request));
    slowReader(signet, bad);
    Await.until(
        "all streams", SOON, () -> isAt(signet, "signet_sds_streams", before + 4 + hostile.size()));

    var greedier = new Proxy((_, _) -> {});
    greedier.ask(channel.channel(), asking(names(MOST_NAMES + 1)));
    Await.until("its end", SOON, () -> greedier.ended.contains(Code.INVALID_ARGUMENT));
    comingBack(signet, bad);
    Await.until("the silent one's secrets", SOON, () -> silent.responses.get() > 0);
    assertThat(silent.ended).isEmpty();
  }

  // A NACK is no reason to send the same again: there are as many pushes as secrets were renewed.
  private static int pushesFor(Proxy nacker, SignetProcess signet) {
    long issued =
        signet
            .log()
            .lines()
            .filter(line -> line.contains(ServerFolder.CALLER + "\",\"serial"))
            .count();
    assertThat(nacker.ended).isEmpty();
    return (int) issued + 1;
  }

  // Each of them ended some other server, or could (SET-7).
  private static List<DiscoveryRequest> hostile() {
    Value odd = Value.newBuilder().setListValue(ListValue.getDefaultInstance()).build();
    return List.of(
        of(Node.newBuilder().setUserAgentBuildVersion(BuildVersion.getDefaultInstance())),
        of(
            Node.newBuilder()
                .setUserAgentBuildVersion(
                    BuildVersion.newBuilder()
                        .setVersion(SemanticVersion.newBuilder().setMajorNumber(-1)))),
        of(Node.newBuilder().setMetadata(metadata(odd))),
        of(Node.newBuilder().setMetadata(metadata(Value.getDefaultInstance()))),
        of(Node.newBuilder().setId("\u0000\u001b[2J\n" + "x".repeat(100_000))),
        of(Node.newBuilder().setCluster("\n{\"event\":\"issued\"}")));
  }

  private static Struct metadata(Value value) {
    return Struct.newBuilder().putFields("disable_spiffe_cert_validation", value).build();
  }

  private static DiscoveryRequest of(Node.Builder node) {
    return asking("default", "ROOTCA").toBuilder().setNode(node).build();
  }

  private static DiscoveryRequest asking(String... names) {
    return DiscoveryRequest.newBuilder().setNode(NODE).addAllResourceNames(List.of(names)).build();
  }

  private static String[] names(int count) {
    return IntStream.range(0, count).mapToObj(number -> "name-" + number).toArray(String[]::new);
  }

  private static void nack(
      DiscoveryResponse response, ClientCallStreamObserver<DiscoveryRequest> to) {
    to.onNext(
        asking("default", "ROOTCA").toBuilder()
            .setResponseNonce(response.getNonce())
            .setErrorDetail(
                com.google.rpc.Status.newBuilder()
                    .setCode(Code.INVALID_ARGUMENT.value())
                    .setMessage("never"))
            .build());
  }

  /** What a proxy makes of a response. */
  @FunctionalInterface
  private interface Manners {
    void on(DiscoveryResponse response, ClientCallStreamObserver<DiscoveryRequest> requests);
  }

  /** One stream. */
  private static final class Proxy
      implements ClientResponseObserver<DiscoveryRequest, DiscoveryResponse> {
    private final Manners manners;
    private final AtomicInteger responses = new AtomicInteger();
    private final Queue<Code> ended = new ConcurrentLinkedQueue<>();
    private final Runnable atEnd;
    private volatile @Nullable ClientCallStreamObserver<DiscoveryRequest> requests;

    Proxy(Manners manners) {
      this(manners, () -> {});
    }

    Proxy(Manners manners, Runnable atEnd) {
      this.manners = manners;
      this.atEnd = atEnd;
    }

    void ask(Channel channel, DiscoveryRequest first) {
      var out = SecretDiscoveryServiceGrpc.newStub(channel).streamSecrets(this);
      out.onNext(first);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<DiscoveryRequest> out) {
      requests = out;
    }

    @Override
    public void onNext(DiscoveryResponse response) {
      responses.incrementAndGet();
      var out = requests;
      if (out != null) {
        manners.on(response, out);
      }
    }

    @Override
    public void onError(Throwable error) {
      ended.add(Status.fromThrowable(error).getCode());
      atEnd.run();
    }

    @Override
    public void onCompleted() {
      ended.add(Code.OK);
    }
  }

  // As soon as it has something it goes, and comes again; on a connection that the server may end.
  private static void comingBack(SignetProcess signet, Started bad) {
    var channel = UnixChannel.to(signet.socket(), "sds-grpc");
    bad.add(channel::close);
    var stopped = new AtomicBoolean();
    bad.add(() -> stopped.set(true));
    reconnect(channel.channel(), stopped);
  }

  private static void reconnect(Channel channel, AtomicBoolean stopped) {
    if (!stopped.get()) {
      var proxy =
          new Proxy(
              (_, out) -> out.cancel("back in a moment", null), () -> reconnect(channel, stopped));
      proxy.ask(channel, asking("default", "ROOTCA"));
    }
  }

  // RFC 9113: it gives the server no window to send anything in, and reads a byte a second.
  private static void slowReader(SignetProcess signet, Started bad) throws IOException {
    var socket = SocketChannel.open(UnixDomainSocketAddress.of(signet.socket()));
    bad.add(socket::close);
    var out = new ByteArrayOutputStream();
    out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
    out.writeBytes(frame(4, 0, 0, new byte[] {0, 4, 0, 0, 0, 0}));
    out.writeBytes(frame(4, 1, 0, new byte[0]));
    out.writeBytes(frame(1, 4, 1, headers()));
    byte[] request = asking("default", "ROOTCA").toByteArray();
    byte[] message = ByteBuffer.allocate(5 + request.length).putInt(1, request.length).array();
    System.arraycopy(request, 0, message, 5, request.length);
    out.writeBytes(frame(0, 0, 1, message));
    var bytes = ByteBuffer.wrap(out.toByteArray());
    while (bytes.hasRemaining()) {
      int _ = socket.write(bytes);
    }
    Thread _ = Thread.ofVirtual().start(() -> read(socket));
  }

  private static void read(SocketChannel socket) {
    try {
      while (socket.read(ByteBuffer.allocate(1)) > 0) {
        LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private static byte[] frame(int type, int flags, int stream, byte[] payload) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeByte(0);
    out.writeShort(payload.length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
    return bytes.toByteArray();
  }

  // RFC 7541, section 6.2.2: literals without indexing.
  private static byte[] headers() {
    var out = new ByteArrayOutputStream();
    Map.of(
            ":method", "POST",
            ":scheme", "http",
            ":path", "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets",
            ":authority", "sds-grpc")
        .forEach((name, value) -> literal(out, name, value));
    literal(out, "content-type", "application/grpc");
    literal(out, "te", "trailers");
    return out.toByteArray();
  }

  private static void literal(ByteArrayOutputStream out, String name, String value) {
    out.write(0);
    for (String text : List.of(name, value)) {
      out.write(text.length());
      out.writeBytes(text.getBytes(US_ASCII));
    }
  }

  private static long metric(SignetProcess signet, String name) throws IOException {
    return number(signet.get("/metrics").body(), "(?m)^" + name + " ([0-9]+)");
  }

  private static boolean isAt(SignetProcess signet, String metric, long value) throws IOException {
    return metric(signet, metric) == value;
  }

  private static int threads(SignetProcess signet) throws IOException {
    Path status = Path.of("/proc", Long.toString(signet.process().pid()), "status");
    return (int) number(Files.readString(status), "(?m)^Threads:\\s+([0-9]+)$");
  }

  private static long liveBytes(SignetProcess signet) throws IOException {
    return number(histogram(signet), "(?m)^Total +[0-9]+ +([0-9]+)");
  }

  private static long openStreams(SignetProcess signet) throws IOException {
    return number(histogram(signet), "(?m) ([0-9]+) +[0-9]+ +io.signet.sds.envoy.SecretStream$");
  }

  // It collects first, so that these are the objects that somebody holds.
  private static String histogram(SignetProcess signet) throws IOException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    return Command.run(List.of(jcmd, Long.toString(signet.process().pid()), "GC.class_histogram"));
  }

  private static long number(String text, String pattern) throws IOException {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .findFirst()
        .map((MatchResult found) -> Long.parseLong(found.group(1)))
        .orElseThrow(() -> new IOException("no " + pattern));
  }
}
