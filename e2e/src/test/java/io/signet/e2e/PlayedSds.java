package io.signet.e2e;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.signet.sds.AckLedger;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.FakeSecretSource;
import io.signet.sds.Holder;
import io.signet.sds.Naming;
import io.signet.sds.Snapshot;
import io.signet.sds.Subscriber;
import io.signet.sds.Timer;
import io.signet.sds.envoy.Caller;
import io.signet.sds.envoy.SdsEndpoint;
import io.signet.sds.envoy.SdsListener;
import io.signet.sds.envoy.SdsService;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * Our SDS on loopback with secrets that the test decides, also those that a CA would never make;
 * everybody is its caller.
 */
final class PlayedSds implements AutoCloseable {
  private static final Holder EVERYBODY =
      new Holder(SpiffeId.parse("spiffe://example.org/ns/shop/sa/web"), "");

  private final FakeSecretSource source = new FakeSecretSource();
  private final Heard heard = new Heard();
  private final Server server;

  private PlayedSds(Naming naming) throws IOException {
    var caller = new Caller(EVERYBODY, Optional.empty(), Optional.empty());
    Timer never = (_, _) -> () -> {};
    var clock = Clock.systemUTC();
    var service =
        new SdsService(
            source,
            new AckLedger(clock),
            heard,
            Duration.ofDays(1),
            clock,
            never,
            Thread::startVirtualThread);
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new SdsEndpoint(service, () -> caller, "played", naming))
            .build()
            .start();
  }

  /** With the usual names. */
  static PlayedSds start() throws IOException {
    return start(Naming.STANDARD);
  }

  static PlayedSds start(Naming naming) throws IOException {
    return new PlayedSds(naming);
  }

  /** How an Envoy gets its secrets from it, by this protocol. */
  SdsSource source(SdsSource.Api api) {
    return SdsSource.open(server.getPort()).by(api);
  }

  /** From now on these are the secrets. */
  void set(Snapshot snapshot) {
    source.set(EVERYBODY, snapshot);
  }

  /** What proxies said of what they refused, as {@code NAMES: WHY}. */
  List<String> nacks() {
    return List.copyOf(heard.nacks);
  }

  /** The names of the secrets that were not sent. */
  List<String> withheld() {
    return List.copyOf(heard.withheld);
  }

  /** The names that proxies were told to be without a secret. */
  List<String> missing() {
    return List.copyOf(heard.missing);
  }

  /** How many streams have had their first message. */
  long opened() {
    return heard.opened.size();
  }

  private static final class Heard implements SdsListener {
    private final Queue<String> opened = new ConcurrentLinkedQueue<>();
    private final Queue<String> nacks = new ConcurrentLinkedQueue<>();
    private final Queue<String> withheld = new ConcurrentLinkedQueue<>();
    private final Queue<String> missing = new ConcurrentLinkedQueue<>();

    @Override
    public void opened(Subscriber who) {
      opened.add(who.stream());
    }

    @Override
    public void sent(Subscriber who, Map<String, String> versions) {}

    @Override
    public void acked(Subscriber who, Ack ack) {}

    @Override
    public void nacked(Subscriber who, Nack nack) {
      nacks.add(nack.versions().keySet() + ": " + nack.error());
    }

    @Override
    public void missing(Subscriber who, Set<String> names) {
      missing.addAll(names);
    }

    @Override
    public void withheld(Subscriber who, String name, RuntimeException why) {
      withheld.add(name);
    }

    @Override
    public void closed(Subscriber who, Status status) {}
  }

  @Override
  public void close() {
    try {
      boolean _ = server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
