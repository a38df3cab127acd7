package io.signet.ca.cli;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.signet.ca.config.Address;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A gRPC connection of a command, or of a server below another, to a server. */
public final class Connection implements AutoCloseable {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> CLUSTER =
      Metadata.Key.of("clusterid", Metadata.ASCII_STRING_MARSHALLER);
  private static final String CERTIFICATES = "PEM certificates";
  private static final String TOKEN = "one JWT";

  /**
   * Whom the client shows itself as in TLS.
   *
   * @param certificate a chain as PEM, leaf first
   * @param key its key as PEM
   */
  public record ClientCertificate(Path certificate, Path key) {}

  private final ManagedChannel channel;
  private final EventLoopGroup threads;

  private Connection(ManagedChannel channel, EventLoopGroup threads) {
    this.channel = channel;
    this.threads = threads;
  }

  /** Over a Unix socket, without TLS. */
  static Connection unix(Path socket) {
    EventLoopGroup threads = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString()))
            .eventLoopGroup(threads)
            .channelType(EpollDomainSocketChannel.class)
            .overrideAuthority("localhost")
            .usePlaintext()
            .build();
    return new Connection(channel, threads);
  }

  /**
   * Over TLS; the server's certificate must hold the host of the address.
   *
   * @param roots what the server must chain to, as PEM
   * @throws IOException if one of the files cannot be read or is not what it should be
   */
  public static Connection tls(Address address, Path roots, Optional<ClientCertificate> certificate)
      throws IOException {
    NettyChannelBuilder builder = builder(address, roots, certificate);
    EventLoopGroup threads = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    ManagedChannel channel =
        builder.eventLoopGroup(threads).channelType(EpollSocketChannel.class).build();
    return new Connection(channel, threads);
  }

  /** A channel for calls without a credential of their own. */
  Channel channel() {
    return channel;
  }

  /**
   * A channel whose calls carry the token; the file is read anew for each call.
   *
   * @throws IOException if the file cannot be read or holds no token
   */
  Channel channelWith(Path tokenFile) throws IOException {
    var headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + token(tokenFile));
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /**
   * Has a request signed by Istio's certificate service.
   *
   * @param token the file of a bearer token, read now; empty: none is shown
   * @param cluster that the token is of
   * @param patience how long the answer may take
   * @return the certificates as PEM, all roots in the last element (ISTIO-21, 22)
   * @throws IOException if the token's file cannot be read or holds none
   * @throws StatusRuntimeException when the server refuses, or does not answer
   */
  public List<String> createCertificate(
      IstioCertificateRequest request, Optional<Path> token, String cluster, Duration patience)
      throws IOException {
    var headers = new Metadata();
    headers.put(CLUSTER, cluster);
    return IstioCertificateServiceGrpc.newBlockingStub(
            token.isPresent() ? channelWith(token.get()) : channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
        .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS)
        .createCertificate(request)
        .getCertChainList();
  }

  /** What a failed call means, for a person. */
  public static String problem(Object server, Throwable failure) {
    Status status = Status.fromThrowable(failure);
    Throwable cause = status.getCause();
    String detail =
        status.getCode() == Status.Code.UNAVAILABLE && cause != null
            ? rootOf(cause).getMessage()
            : status.getDescription();
    return "%s: %s%s".formatted(server, status.getCode(), detail == null ? "" : ": " + detail);
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable cause = failure.getCause();
    return cause == null ? failure : rootOf(cause);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    threads.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  private static NettyChannelBuilder builder(
      Address address, Path roots, Optional<ClientCertificate> certificate) throws IOException {
    ChannelCredentials credentials = credentials(roots, certificate);
    try {
      return NettyChannelBuilder.forAddress(address.host(), address.port(), credentials);
    } catch (IllegalArgumentException e) {
      throw new IOException(refused(address, certificate, e), e);
    }
  }

  // The certificates were looked at before, so two things are left for gRPC to refuse.
  private static String refused(
      Address address, Optional<ClientCertificate> certificate, IllegalArgumentException e) {
    return certificate
        .map(ClientCertificate::key)
        .filter(_ -> !(e.getCause() instanceof URISyntaxException))
        .map(key -> key + ": not a private key (expected: PKCS#8 as PEM)")
        .orElse(address + ": not an address to connect to (expected: HOST:PORT)");
  }

  private static ChannelCredentials credentials(Path roots, Optional<ClientCertificate> certificate)
      throws IOException {
    var credentials = TlsChannelCredentials.newBuilder();
    credentials.trustManager(certificates(roots));
    if (certificate.isPresent()) {
      credentials.keyManager(
          certificates(certificate.get().certificate()), certificate.get().key().toFile());
    }
    return credentials.build();
  }

  // gRPC reads the file itself, and says less about what is wrong with it.
  private static File certificates(Path file) throws IOException {
    try {
      String pem = LocalFiles.text(file, CERTIFICATES);
      if (pem.contains("-----BEGIN") && !ReceivedSecret.certificates(pem).isEmpty()) {
        return file.toFile();
      }
    } catch (CertificateException e) {
      throw notPem(file, e);
    }
    throw notPem(file, null);
  }

  private static IOException notPem(Path file, @Nullable CertificateException cause) {
    return new IOException(file + ": not PEM (expected: " + CERTIFICATES + ")", cause);
  }

  private static String token(Path file) throws IOException {
    String token = LocalFiles.text(file, TOKEN).strip();
    if (token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new IOException(file + ": not a token (expected: " + TOKEN + ")");
    }
    return token;
  }
}
