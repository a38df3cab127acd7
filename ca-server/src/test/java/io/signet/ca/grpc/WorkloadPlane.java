package io.signet.ca.grpc;

import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.Limits;
import io.signet.ca.testing.UnixChannel;
import io.signet.ca.tls.ServingCertificate;
import io.signet.ca.tls.TestCertificates;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateResponse;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import io.signet.proto.istio.IstioCertificateServiceGrpc.IstioCertificateServiceBlockingStub;
import io.signet.sds.Timer;
import io.signet.spiffe.TrustBundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A running workload server with an endpoint over a fake issuance, and clients for it. */
final class WorkloadPlane implements AutoCloseable {
  static final TestCertificates ROOT = TestCertificates.root("root");
  static final TestCertificates INTERMEDIATE = ROOT.intermediate("issuing");
  static final TestCertificates WORKLOAD = INTERMEDIATE.workload("spiffe://example.org/ns/a/sa/b");
  static final Issued ISSUED = issued(WORKLOAD, ROOT);

  /** A request that a {@link FakeIssuance} does not read. */
  static final IstioCertificateRequest REQUEST =
      IstioCertificateRequest.newBuilder().setCsr("a CSR").build();

  final FakeIssuance issuance = new FakeIssuance(ISSUED);
  final WorkloadServer server;
  volatile Executor workers = Thread::startVirtualThread;
  volatile ServingCertificate serving = INTERMEDIATE.server().serving();
  private final Optional<Path> socket;
  private final Deque<Runnable> closing = new ArrayDeque<>();

  WorkloadPlane() throws IOException {
    this(Limits.none());
  }

  WorkloadPlane(Limits limits) throws IOException {
    this(limits, Duration.ofSeconds(10));
  }

  WorkloadPlane(Limits limits, Duration limit) throws IOException {
    this(WorkloadServer.PERMIT_KEEPALIVE, limit, Optional.empty(), limits);
  }

  WorkloadPlane(Path socket) throws IOException {
    this(WorkloadServer.PERMIT_KEEPALIVE, Duration.ofSeconds(10), Optional.of(socket));
  }

  WorkloadPlane(Duration permitKeepAlive, Duration limit, Optional<Path> socket)
      throws IOException {
    this(permitKeepAlive, limit, socket, Limits.none());
  }

  private WorkloadPlane(
      Duration permitKeepAlive, Duration limit, Optional<Path> socket, Limits limits)
      throws IOException {
    this.socket = socket;
    List<BindableService> services =
        List.of(
            new IstioCertificateEndpoint(
                issuance,
                issuance.unreceived::add,
                issuance,
                limits,
                limit,
                timer(),
                task -> workers.execute(task)));
    var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Stream<WorkloadListener> tls =
        Stream.of(new WorkloadListener.Tls(loopback, () -> serving, services));
    Stream<WorkloadListener> unix =
        socket.stream().map(path -> WorkloadListener.Unix.forAll(path, services));
    server =
        WorkloadServer.start(
            Stream.concat(tls, unix).toList(),
            List.of(new Door(limits, issuance)),
            permitKeepAlive);
    closing.push(server::close);
  }

  private Timer timer() {
    var threads = Executors.newSingleThreadScheduledExecutor();
    closing.push(threads::shutdownNow);
    return (delay, task) -> {
      var waits = threads.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
      return () -> waits.cancel(false);
    };
  }

  static Issued issued(TestCertificates workload, TestCertificates... roots) {
    var svid = workload.svid();
    var authorities = List.of(roots).stream().map(TestCertificates::certificate).toList();
    return new Issued(
        svid, new TrustBundle(svid.id().trustDomain(), 0, authorities, Optional.empty()), 1, "");
  }

  IstioCertificateServiceBlockingStub client(String... headers) {
    return client(tls -> tls, headers);
  }

  IstioCertificateServiceBlockingStub client(
      UnaryOperator<SslContextBuilder> tls, String... headers) {
    return IstioCertificateServiceGrpc.newBlockingStub(channel(tls))
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata(headers)));
  }

  IstioCertificateServiceBlockingStub plaintext(String... headers) {
    var channel =
        closedLater(
            NettyChannelBuilder.forAddress("localhost", server.port()).usePlaintext().build());
    return IstioCertificateServiceGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata(headers)));
  }

  ManagedChannel channel(UnaryOperator<SslContextBuilder> tls) {
    var context =
        GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
            .trustManager(ROOT.certificate());
    try {
      return closedLater(
          NettyChannelBuilder.forAddress("localhost", server.port())
              .sslContext(tls.apply(context).build())
              .build());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Begins a call for a certificate and does not send the request yet. */
  static Begun begin(ManagedChannel channel) {
    var call =
        channel.newCall(
            IstioCertificateServiceGrpc.getCreateCertificateMethod(), CallOptions.DEFAULT);
    var end = new CompletableFuture<Status.Code>();
    call.start(ending(end), new Metadata());
    call.request(1);
    return new Begun(call, end);
  }

  private static <S> ClientCall.Listener<S> ending(CompletableFuture<Status.Code> end) {
    return new ClientCall.Listener<>() {
      @Override
      public void onClose(Status status, Metadata trailers) {
        end.complete(status.getCode());
      }
    };
  }

  /** A call whose headers are on their way. */
  record Begun(
      ClientCall<IstioCertificateRequest, IstioCertificateResponse> call,
      CompletableFuture<Status.Code> end) {

    void send(IstioCertificateRequest request) {
      call.sendMessage(request);
      call.halfClose();
    }

    Status.Code status() {
      return end.orTimeout(30, TimeUnit.SECONDS).join();
    }
  }

  ManagedChannel unixChannel(String authority) {
    var unix = UnixChannel.to(socket.orElseThrow(), authority);
    closing.push(unix::close);
    return unix.channel();
  }

  /** Names and values in turn. */
  static Metadata metadata(String... headers) {
    var metadata = new Metadata();
    for (int i = 0; i < headers.length; i += 2) {
      metadata.put(Metadata.Key.of(headers[i], Metadata.ASCII_STRING_MARSHALLER), headers[i + 1]);
    }
    return metadata;
  }

  private ManagedChannel closedLater(ManagedChannel channel) {
    closing.push(() -> channel.shutdownNow());
    return channel;
  }

  @Override
  public void close() {
    closing.forEach(Runnable::run);
  }
}
