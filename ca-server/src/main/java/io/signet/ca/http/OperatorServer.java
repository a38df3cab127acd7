package io.signet.ca.http;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator plane on its own event loops: HTTP/1.1 and HTTP/2 with prior knowledge. Safe for use
 * by many threads.
 */
public final class OperatorServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorServer.class);
  private static final int EVENT_LOOPS = 2;
  private static final int IDLE_SECONDS = 60;
  private static final int START_SECONDS = 30;
  private static final int STOP_SECONDS = 5;

  private final Vertx vertx;
  private final HttpServer server;

  private OperatorServer(Vertx vertx, HttpServer server) {
    this.vertx = vertx;
    this.server = server;
  }

  /**
   * Serves until it is closed.
   *
   * @param address port 0 lets the system choose
   * @throws IOException if the address cannot be served; the message names it and the cause
   */
  public static OperatorServer start(InetSocketAddress address, List<Routes> routes)
      throws IOException {
    Vertx vertx = Vertx.vertx(withoutFileCache());
    try {
      return new OperatorServer(vertx, listening(vertx, address, routes));
    } catch (IOException | RuntimeException e) {
      end(vertx.close());
      throw e;
    }
  }

  /** The TCP port, which the system chose if it was asked to. */
  public int port() {
    return server.actualPort();
  }

  /** Lets requests in flight be answered, for at most 5 s. */
  @Override
  public void close() {
    end(server.shutdown(STOP_SECONDS, SECONDS));
    end(vertx.close());
  }

  // Vert.x would unpack resources into the system's temporary directory; nothing here needs it.
  private static VertxOptions withoutFileCache() {
    var files = new FileSystemOptions().setFileCachingEnabled(false);
    return new VertxOptions()
        .setEventLoopPoolSize(EVENT_LOOPS)
        .setFileSystemOptions(files.setClassPathResolvingEnabled(false));
  }

  private static HttpServer listening(Vertx vertx, InetSocketAddress address, List<Routes> routes)
      throws IOException {
    var options = new HttpServerOptions().setIdleTimeout(IDLE_SECONDS);
    var server = vertx.createHttpServer(options).requestHandler(router(vertx, routes));
    try {
      return done(server.listen(address.getPort(), address.getHostString()), START_SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw cannotListen(address, e.getCause() == null ? e : e.getCause());
    }
  }

  private static IOException cannotListen(InetSocketAddress address, Throwable cause) {
    String where = "%s:%d".formatted(address.getHostString(), address.getPort());
    return new IOException("cannot listen on %s: %s".formatted(where, cause.getMessage()), cause);
  }

  private static Router router(Vertx vertx, List<Routes> routes) {
    Router router = Router.router(vertx);
    routes.forEach(each -> each.mount(router));
    Answers.errors(router);
    return router;
  }

  private static void end(Future<Void> ending) {
    try {
      var _ = done(ending, STOP_SECONDS + 1);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("operator plane did not end in order", e);
    }
  }

  private static <T> T done(Future<T> future, long seconds)
      throws ExecutionException, TimeoutException {
    try {
      return future.toCompletionStage().toCompletableFuture().get(seconds, SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ExecutionException(e);
    }
  }
}
