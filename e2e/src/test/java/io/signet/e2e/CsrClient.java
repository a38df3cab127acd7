package io.signet.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks the CSR endpoint for certificates as Istio's clients do (ISTIO-8 to ISTIO-12). */
final class CsrClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> CLUSTER =
      Metadata.Key.of("clusterid", Metadata.ASCII_STRING_MARSHALLER);

  private final ManagedChannel channel;
  private final @Nullable EventLoopGroup loops;
  private final Metadata headers = new Metadata();
  private final Struct.Builder metadata = Struct.newBuilder();

  private CsrClient(ManagedChannel channel, @Nullable EventLoopGroup loops) {
    this.channel = channel;
    this.loops = loops;
  }

  /**
   * A client over TLS to this machine.
   *
   * @param roots that the server must chain to, as PEM
   */
  static CsrClient tls(int port, String roots) throws IOException {
    var trust =
        TlsChannelCredentials.newBuilder()
            .trustManager(new ByteArrayInputStream(roots.getBytes(UTF_8)));
    return new CsrClient(Grpc.newChannelBuilder("localhost:" + port, trust.build()).build(), null);
  }

  /**
   * A client over TLS to this machine that shows a certificate (ISTIO-44).
   *
   * @param roots that the server must chain to, as PEM
   * @param chain the certificate and what is between it and its root
   */
  static CsrClient mutualTls(int port, String roots, Path chain, Path key) throws IOException {
    var both =
        TlsChannelCredentials.newBuilder()
            .keyManager(chain.toFile(), key.toFile())
            .trustManager(new ByteArrayInputStream(roots.getBytes(UTF_8)));
    return new CsrClient(Grpc.newChannelBuilder("localhost:" + port, both.build()).build(), null);
  }

  /**
   * A client over TLS to this machine as ztunnel is one: TLS 1.3 with AES-GCM only, and pings
   * (ISTIO-37).
   *
   * @param roots that the server must chain to, as PEM
   */
  static CsrClient ztunnel(int port, String roots) throws IOException {
    var tls =
        GrpcSslContexts.forClient()
            .trustManager(new ByteArrayInputStream(roots.getBytes(UTF_8)))
            .protocols("TLSv1.3")
            .ciphers(List.of("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"));
    var channel =
        NettyChannelBuilder.forAddress("localhost", port)
            .sslContext(tls.build())
            .keepAliveTime(30, SECONDS)
            .keepAliveTimeout(10, SECONDS)
            .build();
    return new CsrClient(channel, null);
  }

  /** A client over a Unix socket; this process is its credential. */
  static CsrClient unix(Path socket) {
    var loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    var address = new DomainSocketAddress(socket.toString());
    var channel =
        NettyChannelBuilder.forAddress(address, InsecureChannelCredentials.create())
            .channelType(EpollDomainSocketChannel.class)
            .eventLoopGroup(loops)
            .overrideAuthority("localhost")
            .build();
    return new CsrClient(channel, loops);
  }

  /** For other services of that server, with what is shown now. */
  Channel withHeaders() {
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** Shows this bearer token from now on. */
  CsrClient bearing(String token) {
    headers.removeAll(AUTHORIZATION);
    headers.put(AUTHORIZATION, "Bearer " + token);
    return this;
  }

  /** Says from now on that it is of this cluster. */
  CsrClient ofCluster(String cluster) {
    headers.removeAll(CLUSTER);
    headers.put(CLUSTER, cluster);
    return this;
  }

  /** Asks in the name of this workload from now on (ISTIO-12). */
  CsrClient impersonating(String identity) {
    metadata.putFields("ImpersonatedIdentity", Value.newBuilder().setStringValue(identity).build());
    return this;
  }

  /** As {@link #sign(Csr, Duration)}, with a wish for an hour. */
  SignedChain sign(Csr csr) {
    return sign(csr, Duration.ofHours(1));
  }

  /**
   * Asks for one certificate.
   *
   * @throws StatusRuntimeException if the server refuses
   */
  SignedChain sign(Csr csr, Duration lifetime) {
    return sign(csr.pem(), lifetime.toSeconds());
  }

  /**
   * Asks for one certificate, with a request as it goes over the wire.
   *
   * @throws StatusRuntimeException if the server refuses
   */
  SignedChain sign(String csr, long seconds) {
    var request =
        IstioCertificateRequest.newBuilder()
            .setCsr(csr)
            .setValidityDuration(seconds)
            .setMetadata(metadata)
            .build();
    Channel withHeaders = withHeaders();
    var reply =
        IstioCertificateServiceGrpc.newBlockingStub(withHeaders)
            .withDeadlineAfter(PATIENCE.toSeconds(), SECONDS)
            .createCertificate(request);
    return new SignedChain(reply.getCertChainList());
  }

  @Override
  public void close() {
    channel.shutdownNow();
    if (loops != null) {
      var _ = loops.shutdownGracefully(0, 1, SECONDS);
    }
  }
}
