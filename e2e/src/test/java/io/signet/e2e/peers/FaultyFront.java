package io.signet.e2e.peers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.signet.attestation.Loopback;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/**
 * Stands before a real server, which is reached through it by plain HTTP on loopback, and can fail
 * in its place.
 */
public final class FaultyFront implements AutoCloseable {
  private static final List<String> PASSED_ON =
      List.of("Authorization", "X-Vault-Token", "Accept", "Content-Type");
  private static final int SLOWNESS_MILLIS = 500;

  /** What comes of each request. */
  public enum Fault {
    NONE,
    /** It comes through half a second late. */
    SLOW,
    /** Too many requests, as of an API server under load. */
    BUSY,
    /** An error of the server. */
    ERROR,
    /** No answer at all. */
    HANG,
    /** The connection ends without an answer. */
    CUT
  }

  private final URI behind;
  private final HttpClient client;
  private final HttpServer server = Loopback.httpServer();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Set<HttpExchange> underWay = ConcurrentHashMap.newKeySet();
  private volatile Phase phase = new Phase(Fault.NONE);

  private record Phase(Fault fault, CountDownLatch over) {
    Phase(Fault fault) {
      this(fault, new CountDownLatch(1));
    }
  }

  FaultyFront(URI behind, SSLContext tls) {
    this.behind = behind;
    this.client =
        HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_1_1).build();
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** Before a server that speaks plain HTTP too. */
  public static FaultyFront before(URI behind) throws GeneralSecurityException {
    return new FaultyFront(behind, SSLContext.getDefault());
  }

  /** Where it listens. */
  public URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /**
   * From now on this comes of each request; those under way, watches too, end without an answer.
   */
  public void meet(Fault fault) {
    Phase before = phase;
    phase = new Phase(fault);
    before.over().countDown();
    underWay.forEach(HttpExchange::close);
  }

  private void handle(HttpExchange exchange) throws IOException {
    underWay.add(exchange);
    try (exchange) {
      Phase now = phase;
      switch (now.fault()) {
        case NONE -> forward(exchange);
        case SLOW -> {
          boolean _ = now.over().await(SLOWNESS_MILLIS, TimeUnit.MILLISECONDS);
          forward(exchange);
        }
        case BUSY -> exchange.sendResponseHeaders(429, -1);
        case ERROR -> exchange.sendResponseHeaders(500, -1);
        case HANG -> now.over().await();
        case CUT -> {}
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } finally {
      underWay.remove(exchange);
    }
  }

  private void forward(HttpExchange exchange) throws IOException, InterruptedException {
    HttpResponse<InputStream> answer = client.send(request(exchange), BodyHandlers.ofInputStream());
    answer
        .headers()
        .firstValue("Content-Type")
        .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
    exchange.sendResponseHeaders(answer.statusCode(), 0);
    try (InputStream from = answer.body();
        OutputStream to = exchange.getResponseBody()) {
      pass(from, to);
    }
  }

  private HttpRequest request(HttpExchange exchange) throws IOException {
    var body = BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes());
    var request =
        HttpRequest.newBuilder(behind.resolve(exchange.getRequestURI()))
            .method(exchange.getRequestMethod(), body);
    for (String name : PASSED_ON) {
      exchange
          .getRequestHeaders()
          .getOrDefault(name, List.of())
          .forEach(value -> request.header(name, value));
    }
    return request.build();
  }

  // Each part at once: a watch has no end.
  private static void pass(InputStream from, OutputStream to) throws IOException {
    byte[] part = new byte[8192];
    for (int length = from.read(part); length >= 0; length = from.read(part)) {
      to.write(part, 0, length);
      to.flush();
    }
  }

  @Override
  public void close() {
    meet(Fault.CUT);
    server.stop(0);
    threads.shutdownNow();
    client.shutdownNow();
  }
}
