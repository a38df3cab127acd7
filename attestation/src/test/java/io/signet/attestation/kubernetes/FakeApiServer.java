package io.signet.attestation.kubernetes;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.signet.attestation.Loopback;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An API server that knows one resource. What it answers is programmed; what it was asked is kept.
 */
final class FakeApiServer implements AutoCloseable {

  /** What it gives back for a request. */
  interface Behaviour {
    void on(HttpExchange exchange, TokenReview review) throws IOException, InterruptedException;
  }

  record Seen(String request, String authorization, String body, TokenReview review) {}

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<Seen> seen = new ConcurrentLinkedQueue<>();
  private volatile Behaviour behaviour = (exchange, _) -> respond(exchange, 404, "");

  FakeApiServer() {
    this(Loopback.httpServer());
  }

  FakeApiServer(HttpServer server) {
    this.server = server;
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      TokenReview review = Serialization.unmarshal(body, TokenReview.class);
      seen.add(
          new Seen(
              exchange.getRequestMethod() + " " + exchange.getRequestURI(),
              String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")),
              body,
              review));
      behaviour.on(exchange, review);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  void behave(Behaviour next) {
    behaviour = next;
  }

  void answer(int code, String body) {
    behave((exchange, _) -> respond(exchange, code, body));
  }

  static void respond(HttpExchange exchange, int code, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  List<Seen> seen() {
    return List.copyOf(seen);
  }

  int port() {
    return server.getAddress().getPort();
  }

  String url() {
    return "http://127.0.0.1:" + port();
  }

  /** A kubeconfig that leads here, with these lines as the user's credentials. */
  Path kubeconfig(Path directory, String credentials) {
    return kubeconfig(directory, url(), credentials);
  }

  static Path kubeconfig(Path directory, String server, String credentials) {
    String text =
        """
        apiVersion: v1
        kind: Config
        current-context: here
        contexts:
        - { name: here, context: { cluster: c, user: u } }
        clusters:
        - { name: c, cluster: { server: "%s" } }
        users:
        - { name: u, user: { %s } }
        """
            .formatted(server, credentials);
    try {
      return Files.writeString(directory.resolve("kubeconfig"), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
