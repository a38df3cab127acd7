package io.signet.ca.cli;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateResponse;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** Answers the first request of a stream with prepared responses, and keeps all it is sent. */
final class FakeSdsServer implements AutoCloseable {
  final BlockingQueue<DiscoveryRequest> requests = new LinkedBlockingQueue<>();
  final BlockingQueue<Metadata> headers = new LinkedBlockingQueue<>();
  private final List<DiscoveryResponse> responses;
  private final List<StreamObserver<DiscoveryResponse>> open = new CopyOnWriteArrayList<>();
  private final Server server;

  private FakeSdsServer(NettyServerBuilder builder, List<DiscoveryResponse> responses)
      throws IOException {
    this.responses = responses;
    this.server =
        builder
            .addService(new Sds())
            .addService(new Csr())
            .intercept(new Recorder())
            .build()
            .start();
  }

  static FakeSdsServer onSocket(Path socket, DiscoveryResponse... responses) throws IOException {
    EventLoopGroup threads = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    return new FakeSdsServer(
        NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toString()))
            .bossEventLoopGroup(threads)
            .workerEventLoopGroup(threads)
            .channelType(EpollServerDomainSocketChannel.class),
        List.of(responses));
  }

  static FakeSdsServer onTls(TestPki pki, DiscoveryResponse... responses) throws IOException {
    return new FakeSdsServer(
        NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            TlsServerCredentials.create(stream(pki.leaf()), stream(pki.key()))),
        List.of(responses));
  }

  int port() {
    return server.getPort();
  }

  static DiscoveryResponse response(String version, Secret... secrets) {
    var response =
        DiscoveryResponse.newBuilder()
            .setVersionInfo(version)
            .setNonce("nonce-" + version)
            .setTypeUrl(ReceivedSecret.TYPE_URL);
    for (Secret secret : secrets) {
      response.addResources(Any.pack(secret));
    }
    return response.build();
  }

  static Secret identity(String name, String chain, String key) {
    return Secret.newBuilder()
        .setName(name)
        .setTlsCertificate(
            TlsCertificate.newBuilder()
                .setCertificateChain(inline(chain))
                .setPrivateKey(inline(key)))
        .build();
  }

  static Secret roots(String name, String pem) {
    return Secret.newBuilder()
        .setName(name)
        .setValidationContext(CertificateValidationContext.newBuilder().setTrustedCa(inline(pem)))
        .build();
  }

  /** Ends the streams that are open, as a server that restarts. */
  void endStreams() {
    open.forEach(StreamObserver::onCompleted);
    open.clear();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private static DataSource inline(String text) {
    return DataSource.newBuilder().setInlineBytes(ByteString.copyFromUtf8(text)).build();
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private final class Recorder implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata metadata, ServerCallHandler<Q, A> next) {
      headers.add(metadata);
      return next.startCall(call, metadata);
    }
  }

  private static final class Csr
      extends IstioCertificateServiceGrpc.IstioCertificateServiceImplBase {
    @Override
    public void createCertificate(
        IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> out) {
      out.onNext(
          IstioCertificateResponse.newBuilder()
              .addCertChain("leaf for " + request.getValidityDuration() + " s\n")
              .addCertChain("issuer\n")
              .addCertChain("roots\n")
              .build());
      out.onCompleted();
    }
  }

  private final class Sds extends SecretDiscoveryServiceGrpc.SecretDiscoveryServiceImplBase {
    @Override
    public StreamObserver<DiscoveryRequest> streamSecrets(StreamObserver<DiscoveryResponse> out) {
      List<DiscoveryResponse> left = new ArrayList<>(responses);
      open.add(out);
      return new StreamObserver<>() {
        @Override
        public void onNext(DiscoveryRequest request) {
          requests.add(request);
          if (!left.isEmpty()) {
            out.onNext(left.removeFirst());
          }
        }

        @Override
        public void onError(Throwable t) {}

        @Override
        public void onCompleted() {}
      };
    }
  }
}
