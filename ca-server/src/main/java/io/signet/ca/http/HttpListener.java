package io.signet.ca.http;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An HTTP server on one address, with event loops of its own. Safe for use by many threads. */
final class HttpListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpListener.class);
  private static final int EVENT_LOOPS = 2;
  private static final int START_SECONDS = 30;

  private final String what;
  private final int graceSeconds;
  private final Vertx vertx;
  private final HttpServer server;
  private boolean closed;

  private HttpListener(String what, int graceSeconds, Vertx vertx, HttpServer server) {
    this.what = what;
    this.graceSeconds = graceSeconds;
    this.vertx = vertx;
    this.server = server;
  }

  /**
   * Serves until it is closed.
   *
   * @param what is served, for our log
   * @param address port 0 lets the system choose
   * @param graceSeconds how long requests in flight may take at the end
   * @param handler runs on an event loop
   * @throws IOException if the address cannot be served; the message names it and the cause
   */
  static HttpListener start(
      String what,
      InetSocketAddress address,
      HttpServerOptions options,
      int graceSeconds,
      Function<Vertx, Handler<HttpServerRequest>> handler)
      throws IOException {
    Vertx vertx = Vertx.vertx(withoutFileCache());
    try {
      HttpServer server = vertx.createHttpServer(options).requestHandler(handler.apply(vertx));
      return new HttpListener(what, graceSeconds, vertx, listening(server, address));
    } catch (IOException | RuntimeException e) {
      end(what, vertx.close(), graceSeconds);
      throw e;
    }
  }

  /** The TCP port, which the system chose if it was asked to. */
  int port() {
    return server.actualPort();
  }

  /**
   * Takes no new requests, and lets those in flight be answered until the grace is over. Blocks
   * until all has ended; a second one does nothing.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    end(what, server.shutdown(graceSeconds, SECONDS), graceSeconds);
    end(what, vertx.close(), graceSeconds);
  }

  // Vert.x would unpack resources into the system's temporary directory; nothing here needs it.
  private static VertxOptions withoutFileCache() {
    var files = new FileSystemOptions().setFileCachingEnabled(false);
    return new VertxOptions()
        .setEventLoopPoolSize(EVENT_LOOPS)
        .setFileSystemOptions(files.setClassPathResolvingEnabled(false));
  }

  private static HttpServer listening(HttpServer server, InetSocketAddress address)
      throws IOException {
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

  private static void end(String what, Future<Void> ending, int graceSeconds) {
    try {
      var _ = done(ending, graceSeconds + 1);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("{} did not end in order", what, e);
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
