package io.signet.ca.http;

import io.signet.ca.tls.ServingCertificate;
import io.signet.ca.tls.ServingTls;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SSLEngineOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.core.spi.tls.SslContextFactory;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/**
 * Has Vert.x do TLS as all our listeners for workloads do it, in place of what its own options
 * would make: with the certificate of the moment, any client's, and without resumption.
 */
final class ServingEngine extends SSLEngineOptions {
  private final ServingTls tls;

  ServingEngine(ServingTls tls) {
    this.tls = tls;
  }

  /**
   * Serves HTTP/1.1 and HTTP/2 over it.
   *
   * @param serving asked at each handshake, so a renewed certificate needs no restart
   * @throws SSLException if the platform lacks what the port needs
   */
  static HttpServerOptions serve(HttpServerOptions options, Supplier<ServingCertificate> serving)
      throws SSLException {
    return options
        .setSsl(true)
        .setUseAlpn(true)
        .setSslEngineOptions(new ServingEngine(ServingTls.of(serving, "h2", "http/1.1")))
        .setTrustOptions(TrustOptions.wrap(ServingTls.anyClient())); // or Vert.x misses a key
  }

  @Override
  public ServingEngine copy() {
    return new ServingEngine(tls);
  }

  @Override
  public SslContextFactory sslContextFactory() {
    return () -> tls;
  }
}
