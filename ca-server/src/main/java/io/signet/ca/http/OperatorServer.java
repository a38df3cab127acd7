package io.signet.ca.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

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
    return new OperatorServer(
        HttpListener.start(
            "operator plane",
            address,
            new HttpServerOptions().setIdleTimeout(IDLE_SECONDS),
            STOP_SECONDS,
            vertx -> router(vertx, routes)));
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
