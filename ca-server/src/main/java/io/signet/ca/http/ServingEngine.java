package io.signet.ca.http;

import io.signet.ca.tls.ServingTls;
import io.vertx.core.net.SSLEngineOptions;
import io.vertx.core.spi.tls.SslContextFactory;

/**
 * Has Vert.x do TLS as all our listeners for workloads do it, in place of what its own options
 * would make: with the certificate of the moment, any client's, and without resumption.
 */
final class ServingEngine extends SSLEngineOptions {
  private final ServingTls tls;

  ServingEngine(ServingTls tls) {
    this.tls = tls;
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
