package io.signet.ca.grpc;

import io.grpc.netty.GrpcSslContexts;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSessionContext;

/**
 * TLS of the workload port: 1.2 and 1.3 of the JDK's provider, ALPN h2, a client certificate asked
 * for and never required (ISTIO-1, ISTIO-44, GOT-10).
 *
 * <p>Every connection gets a context of its own. The keys of session tickets and the session cache
 * belong to the context, so no session can be resumed: each connection proves the possession of its
 * client key anew and meets the current serving certificate, and nothing that was once accepted
 * outlives its certificate by a ticket (DEV-8). The JDK has no other way to refuse resumption than
 * system properties of the whole process. What it costs is a fraction of the handshake, which
 * long-lived connections make rarely.
 */
final class ServingTls extends SslContext {
  private final Supplier<ServingCertificate> serving;
  private final SslContext first;

  private ServingTls(Supplier<ServingCertificate> serving, SslContext first) {
    this.serving = serving;
    this.first = first;
  }

  /**
   * @param serving asked at each handshake, so a renewed certificate needs no restart
   * @throws SSLException if the platform lacks what the port needs
   */
  static SslContext of(Supplier<ServingCertificate> serving) throws SSLException {
    return new ServingTls(serving, fresh(serving.get()));
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator allocator) {
    try {
      return fresh(serving.get()).newEngine(allocator);
    } catch (SSLException e) {
      throw new IllegalStateException("what the start could do, this connection cannot", e);
    }
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator allocator, String peerHost, int peerPort) {
    return newEngine(allocator);
  }

  @Override
  public boolean isClient() {
    return false;
  }

  @Override
  public List<String> cipherSuites() {
    return first.cipherSuites();
  }

  @Override
  @SuppressWarnings("deprecation") // The only way that netty has to say it.
  public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
    return first.applicationProtocolNegotiator();
  }

  @Override
  public SSLSessionContext sessionContext() {
    return first.sessionContext();
  }

  private static SslContext fresh(ServingCertificate certificate) throws SSLException {
    var builder = SslContextBuilder.forServer(new ServingKeyManager(certificate));
    return GrpcSslContexts.configure(builder, SslProvider.JDK)
        .protocols("TLSv1.3", "TLSv1.2")
        .trustManager(new AnyClientCertificate())
        .clientAuth(ClientAuth.OPTIONAL)
        .build();
  }
}
