package io.signet.ca.grpc;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.signet.ca.grpc.WorkloadListener.Tls;
import io.signet.ca.grpc.WorkloadListener.Unix;
import io.signet.ca.tls.ServingTls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workload plane: gRPC services over TLS on TCP and over Unix sockets, on each listener those
 * that it is for, with health and reflection beside them. Calls are handled on virtual threads, so
 * services may block; all but the certificate requests, whose endpoint never does. Safe for use by
 * many threads.
 */
public final class WorkloadServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WorkloadServer.class);

  // A request for a thousand names (SET-3) is a tenth of it.
  private static final int LARGEST_MESSAGE = 1024 * 1024;

  // Tokens of some issuers are larger than the 8 KiB that gRPC would take.
  private static final int LARGEST_METADATA = 64 * 1024;

  // Envoy opens one stream for each secret (EF-1, SC-26).
  private static final int MOST_CALLS_PER_CONNECTION = 2_000;

  // A client that opens streams only to reset them keeps us busy for nothing.
  private static final int MOST_RESETS = 1_000;
  private static final int RESET_WINDOW_SECONDS = 10;

  // All proxies of a mesh may connect at once after a restart; more the kernel does not allow.
  private static final int BACKLOG = 4096;

  // Clients may ping every 10 s (SET-1; Istio's do every 30 s, ISTIO-36). The permit is a second
  // shorter than that: pings sent 10 s apart may arrive closer to each other, and an idle
  // connection
  // is closed at the third that does.
  static final Duration PERMIT_KEEPALIVE = Duration.ofSeconds(9);

  private static final String HTTP_2 = "h2";

  // Ten thousand that come at once take that long on two cores.
  private static final int HANDSHAKE_SECONDS = 30;
  private static final int PING_EVERY_SECONDS = 30;
  private static final int PING_ANSWER_SECONDS = 10;

  // Longer than any request may take, so that a stop loses none; shorter than Kubernetes waits.
  private static final Duration STOP_GRACE = Duration.ofSeconds(15);
  private static final Duration FORCED_GRACE = Duration.ofSeconds(1);

  private final List<ServerInterceptor> interceptors;
  private final Duration permitKeepAlive;
  private final OpenStreams streams = new OpenStreams();
  private final ExecutorService handlers =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("workload-", 0).factory());
  private final List<Listening> listening = new ArrayList<>();

  /**
   * A server.
   *
   * @param services what is served beside health and reflection
   * @param health of these
   * @param release gives back what is to be given back once the server has ended
   */
  private record Listening(
      Server server, List<BindableService> services, HealthStatusManager health, Release release) {

    void sayServing() {
      for (BindableService service : services) {
        String name = service.bindService().getServiceDescriptor().getName();
        health.setStatus(name, ServingStatus.SERVING);
      }
    }
  }

  private interface Release {
    void run() throws IOException;
  }

  private WorkloadServer(List<ServerInterceptor> interceptors, Duration permitKeepAlive) {
    this.interceptors = List.copyOf(interceptors);
    this.permitKeepAlive = permitKeepAlive;
  }

  /**
   * Serves until it is stopped.
   *
   * @param interceptors see each call once its origin is known and before anything else of ours
   *     does, the first of them first; must not block
   * @throws IOException if one of the listeners cannot be had; the message names it and the cause.
   *     Nothing is served then.
   */
  public static WorkloadServer start(
      List<WorkloadListener> listeners, List<ServerInterceptor> interceptors) throws IOException {
    return start(listeners, interceptors, PERMIT_KEEPALIVE);
  }

  /**
   * @param permitKeepAlive the shortest time between two pings of a client; who pings more often is
   *     disconnected
   */
  static WorkloadServer start(
      List<WorkloadListener> listeners,
      List<ServerInterceptor> interceptors,
      Duration permitKeepAlive)
      throws IOException {
    var server = new WorkloadServer(interceptors, permitKeepAlive);
    try {
      for (WorkloadListener listener : listeners) {
        switch (listener) {
          case Tls tls -> server.listen(tls);
          case Unix unix -> server.listen(unix);
        }
      }
    } catch (IOException | RuntimeException e) {
      server.stop(Duration.ZERO);
      throw e;
    }
    server.listening.forEach(Listening::sayServing);
    return server;
  }

  /** The library that does TLS here, with its version. */
  public static String tlsLibrary() {
    return ServingTls.library();
  }

  /**
   * The port of the first listener on TCP, which the system chose if it was asked to.
   *
   * @throws NoSuchElementException if there is none
   */
  public int port() {
    return listening.stream()
        .map(each -> each.server().getPort())
        .filter(port -> port > 0) // a Unix socket has none
        .findFirst()
        .orElseThrow();
  }

  /**
   * Takes no new calls, ends the open streams with UNAVAILABLE, and lets calls in flight be
   * answered; what is left after the grace is cancelled. Blocks until all has ended; a second stop
   * does nothing.
   */
  public synchronized void stop(Duration grace) {
    if (handlers.isShutdown()) {
      return;
    }
    listening.forEach(each -> each.health().enterTerminalState());
    listening.forEach(each -> each.server().shutdown());
    streams.end();
    awaitEnd(grace);
    listening.forEach(each -> each.server().shutdownNow());
    awaitEnd(FORCED_GRACE);
    listening.forEach(WorkloadServer::release);
    handlers.shutdown();
  }

  /** Stops with a grace of 15 s. */
  @Override
  public void close() {
    stop(STOP_GRACE);
  }

  private void listen(Tls tls) throws IOException {
    InetSocketAddress address = tls.address();
    if (address.isUnresolved()) {
      throw new IOException("cannot listen on %s: unknown host".formatted(address));
    }
    var builder =
        NettyServerBuilder.forAddress(address).sslContext(ServingTls.of(tls.serving(), HTTP_2));
    builder.withOption(ChannelOption.SO_BACKLOG, BACKLOG);
    String name = "%s:%d".formatted(address.getHostString(), address.getPort());
    var health = new HealthStatusManager();
    Server server = started(configured(builder, tls.services(), health), name);
    listening.add(new Listening(server, tls.services(), health, () -> {}));
  }

  private void listen(Unix unix) throws IOException {
    Path path = unix.path();
    if (!Epoll.isAvailable()) {
      throw new IOException(
          "cannot listen on unix:%s: needs Linux on x86-64".formatted(path),
          Epoll.unavailabilityCause());
    }
    SocketFile file = SocketFile.claim(path);
    var loops = Loops.start();
    var health = new HealthStatusManager();
    Server server;
    try {
      server = started(configured(on(path, loops), unix.services(), health), "unix:" + path);
    } catch (IOException | RuntimeException e) {
      release(file, loops);
      throw e;
    }
    // From here stop() releases it.
    listening.add(new Listening(server, unix.services(), health, () -> release(file, loops)));
    file.open(unix.mode(), unix.group());
  }

  /**
   * Threads of one Unix socket. Connections are taken by one of their own: a Unix socket has no
   * retries below it, so whoever finds its queue full has failed.
   */
  private record Loops(EventLoopGroup accepting, EventLoopGroup serving) {
    static Loops start() {
      return new Loops(of(1, "workload-unix-accept"), of(0, "workload-unix"));
    }

    private static EventLoopGroup of(int threads, String name) {
      return new MultiThreadIoEventLoopGroup(
          threads, new DefaultThreadFactory(name, true), EpollIoHandler.newFactory());
    }

    void end() {
      var _ = accepting.shutdownGracefully(0, FORCED_GRACE.toMillis(), MILLISECONDS);
      var _ = serving.shutdownGracefully(0, FORCED_GRACE.toMillis(), MILLISECONDS);
    }
  }

  private static NettyServerBuilder on(Path path, Loops loops) {
    var address = new DomainSocketAddress(path.toString());
    return NettyServerBuilder.forAddress(address, UnixSocketCredentials.create())
        .channelType(EpollServerDomainSocketChannel.class)
        .withOption(ChannelOption.SO_BACKLOG, BACKLOG)
        .bossEventLoopGroup(loops.accepting())
        .workerEventLoopGroup(loops.serving());
  }

  private NettyServerBuilder configured(
      NettyServerBuilder builder, List<BindableService> services, HealthStatusManager health) {
    for (BindableService service : served(services, health)) {
      builder.addService(WellFormedRequests.only(service));
    }
    // gRPC calls those first that were added last.
    builder.intercept(new CallEvidence()).intercept(streams);
    interceptors.reversed().forEach(builder::intercept);
    return builder
        .intercept(new CallOrigin())
        .directExecutor()
        .callExecutor(callExecutor())
        .maxInboundMessageSize(LARGEST_MESSAGE)
        .maxInboundMetadataSize(LARGEST_METADATA)
        .maxConcurrentCallsPerConnection(MOST_CALLS_PER_CONNECTION)
        .maxRstFramesPerWindow(MOST_RESETS, RESET_WINDOW_SECONDS)
        .handshakeTimeout(HANDSHAKE_SECONDS, SECONDS)
        .keepAliveTime(PING_EVERY_SECONDS, SECONDS)
        .keepAliveTimeout(PING_ANSWER_SECONDS, SECONDS)
        .permitKeepAliveTime(permitKeepAlive.toNanos(), NANOSECONDS)
        .permitKeepAliveWithoutCalls(true);
  }

  private static List<BindableService> served(
      List<BindableService> services, HealthStatusManager health) {
    List<BindableService> all = new ArrayList<>(services);
    all.add(health.getHealthService());
    all.add(ProtoReflectionServiceV1.newInstance());
    return all;
  }

  // A certificate request stays on the event loop until issuance begins, so that turning it away
  // costs no thread; no executor means that.
  private ServerCallExecutorSupplier callExecutor() {
    return new ServerCallExecutorSupplier() {
      @Override
      public <Q, S> @Nullable Executor getExecutor(ServerCall<Q, S> call, Metadata headers) {
        return IstioCertificateEndpoint.serves(call.getMethodDescriptor()) ? null : handlers;
      }
    };
  }

  private static Server started(NettyServerBuilder builder, String name) throws IOException {
    try {
      return builder.build().start();
    } catch (IOException e) {
      String why = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
      throw new IOException("cannot listen on %s: %s".formatted(name, why), e);
    }
  }

  private void awaitEnd(Duration grace) {
    long deadline = System.nanoTime() + grace.toNanos();
    try {
      for (Listening each : listening) {
        var _ = each.server().awaitTermination(deadline - System.nanoTime(), NANOSECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void release(Listening ended) {
    try {
      ended.release().run();
    } catch (IOException e) {
      LOG.warn("left something behind at the stop", e);
    }
  }

  private static void release(SocketFile file, Loops loops) throws IOException {
    loops.end();
    file.close();
  }
}
