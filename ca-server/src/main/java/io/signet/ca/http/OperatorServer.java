package io.signet.ca.http;

import io.signet.ca.tls.ServingCertificate;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Supplier;

/**
 * The operator plane on its own event loops: HTTP/1.1 and HTTP/2 with prior knowledge. Safe for use
 * by many threads.
 */
public final class OperatorServer implements AutoCloseable {
  private static final int IDLE_SECONDS = 60;
  private static final int STOP_SECONDS = 5;

  private final HttpListener listener;

  private OperatorServer(HttpListener listener) {
    this.listener = listener;
  }

  /**
   * Serves until it is closed.
   *
   * @param address port 0 lets the system choose
   * @throws IOException if the address cannot be served; the message names it and the cause
   */
  public static OperatorServer start(InetSocketAddress address, List<Routes> routes)
      throws IOException {
    return start("operator plane", address, options(), routes);
  }

  /**
   * The same over TLS, where a client may show a certificate.
   *
   * @param serving asked at each handshake, so a renewed certificate needs no restart
   */
  public static OperatorServer start(
      InetSocketAddress address, Supplier<ServingCertificate> serving, List<Routes> routes)
      throws IOException {
    return start(
        "operator plane over TLS", address, ServingEngine.serve(options(), serving), routes);
  }

  private static OperatorServer start(
      String what, InetSocketAddress address, HttpServerOptions options, List<Routes> routes)
      throws IOException {
    return new OperatorServer(
        HttpListener.start(what, address, options, STOP_SECONDS, vertx -> router(vertx, routes)));
  }

  private static HttpServerOptions options() {
    return new HttpServerOptions().setIdleTimeout(IDLE_SECONDS);
  }

  /** The TCP port, which the system chose if it was asked to. */
  public int port() {
    return listener.port();
  }

  /** Lets requests in flight be answered, for at most 5 s. */
  @Override
  public void close() {
    listener.close();
  }

  private static Router router(Vertx vertx, List<Routes> routes) {
    Router router = Router.router(vertx);
    routes.forEach(each -> each.mount(router));
    Answers.errors(router);
    return router;
  }
}
