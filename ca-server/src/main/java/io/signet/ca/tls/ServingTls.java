package io.signet.ca.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslServerSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.internal.tcnative.SSL;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;

/**
 * TLS of a port for workloads: 1.2 and 1.3, ALPN, a client certificate asked for and never required
 * (ISTIO-1, ISTIO-44, GOT-10). BoringSSL where its library loads, with the key exchange that
 * ztunnel's post-quantum policy insists on (ISTIO-37); elsewhere the JDK's own, which is slower and
 * has no such key exchange.
 *
 * <p>No session can be resumed: each connection proves the possession of its client key anew and
 * meets the current serving certificate, and nothing that was once accepted outlives its
 * certificate by a ticket (DEV-8). BoringSSL is told so. The JDK has no other way to refuse
 * resumption than system properties of the whole process, so there every connection gets a context
 * of its own, with its own ticket keys and session cache. What it costs is a fraction of the
 * handshake, which long-lived connections make rarely.
 */
public final class ServingTls extends SslContext {
  private static final String[] GROUPS = {"X25519MLKEM768", "X25519", "P-256", "P-384"};

  private final Supplier<ServingCertificate> serving;
  private final SslProvider provider;
  private final List<String> protocols;
  private volatile Made made;

  /** A context, and the certificate that it shows. */
  private record Made(ServingCertificate certificate, SslContext context) {}

  private ServingTls(
      Supplier<ServingCertificate> serving, SslProvider provider, List<String> protocols)
      throws SSLException {
    this.serving = serving;
    this.provider = provider;
    this.protocols = protocols;
    this.made = make(serving.get());
  }

  /**
   * By BoringSSL, or by the JDK where that does not load.
   *
   * @param serving asked at each handshake, so a renewed certificate needs no restart
   * @param protocols to choose from by ALPN, the best first
   * @throws SSLException if the platform lacks what the port needs
   */
  public static ServingTls of(Supplier<ServingCertificate> serving, String... protocols)
      throws SSLException {
    SslProvider provider = OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
    return of(serving, provider, protocols);
  }

  static ServingTls of(
      Supplier<ServingCertificate> serving, SslProvider provider, String... protocols)
      throws SSLException {
    return new ServingTls(serving, provider, List.of(protocols));
  }

  /** Whom the handshake trusts: every client, for it is not where callers are judged. */
  public static TrustManager anyClient() {
    return new AnyClientCertificate();
  }

  /** The library that does it, with its version. */
  public static String library() {
    return OpenSsl.isAvailable() ? OpenSsl.versionString() : "JDK " + Runtime.version();
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator allocator) {
    try {
      return withoutTickets(current().newEngine(allocator));
    } catch (SSLException e) {
      throw new IllegalStateException("what the start could do, this connection cannot", e);
    }
  }

  // Netty switches them on again for each connection that may speak TLS 1.3.
  private static SSLEngine withoutTickets(SSLEngine engine) {
    if (engine instanceof ReferenceCountedOpenSslEngine boringSsl) {
      SSL.setOptions(boringSsl.sslPointer(), SSL.SSL_OP_NO_TICKET);
    }
    return engine;
  }

  // Two connections may both make the context of a new certificate; one of the two stays.
  private SslContext current() throws SSLException {
    ServingCertificate certificate = serving.get();
    Made last = made;
    if (provider == SslProvider.OPENSSL && last.certificate().equals(certificate)) {
      return last.context();
    }
    Made next = make(certificate);
    made = next;
    return next.context();
  }

  private Made make(ServingCertificate certificate) throws SSLException {
    return new Made(
        certificate, provider == SslProvider.OPENSSL ? boringSsl(certificate) : jdk(certificate));
  }

  private SslContext boringSsl(ServingCertificate certificate) throws SSLException {
    X509Certificate[] chain = certificate.chain().toArray(X509Certificate[]::new);
    SslContext context =
        configured(SslContextBuilder.forServer(certificate.key(), chain))
            .option(OpenSslContextOption.GROUPS, GROUPS)
            .build();
    ((OpenSslServerSessionContext) context.sessionContext()).setSessionCacheEnabled(false);
    return context;
  }

  private SslContext jdk(ServingCertificate certificate) throws SSLException {
    var builder = SslContextBuilder.forServer(new ServingKeyManager(certificate));
    return configured(builder).build();
  }

  private SslContextBuilder configured(SslContextBuilder builder) {
    return builder
        .sslProvider(provider)
        .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                protocols))
        .protocols("TLSv1.3", "TLSv1.2")
        .trustManager(anyClient())
        .clientAuth(ClientAuth.OPTIONAL);
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
    return made.context().cipherSuites();
  }

  @Override
  @SuppressWarnings("deprecation") // The only way that netty has to say it.
  public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
    return made.context().applicationProtocolNegotiator();
  }

  @Override
  public SSLSessionContext sessionContext() {
    return made.context().sessionContext();
  }
}
