package io.signet.attestation.kubernetes;

import static java.util.stream.Collectors.joining;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.signet.attestation.Loopback;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * An API server that knows pods: one by its name, or those of a namespace by the field selectors
 * that Kubernetes has for them. Safe for use by many threads.
 */
public final class FakePodServer implements AutoCloseable {

  /** What it gives back for a request. */
  interface Behaviour {
    void on(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private final HttpServer server = Loopback.httpServer();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<FakePod> pods = new CopyOnWriteArrayList<>();
  private final List<FakePod> unseen = new CopyOnWriteArrayList<>();
  private final Queue<String> seen = new ConcurrentLinkedQueue<>();
  private volatile Behaviour behaviour = this::answer;

  public FakePodServer() {
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** From now on, it has these pods and no others. */
  public void have(List<FakePod> next) {
    pods.clear();
    unseen.clear();
    pods.addAll(next);
  }

  /** It stores this pod too, and its cache, which version 0 asks for, does not have it yet. */
  void haveNotSeen(FakePod pod) {
    pods.add(pod);
    unseen.add(pod);
  }

  /** A kubeconfig that leads here. */
  public Path kubeconfig(Path directory) {
    return FakeApiServer.kubeconfig(directory, url(), "token: our-own");
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  void behave(Behaviour next) {
    behaviour = next;
  }

  /** What it was asked: method, path and query, decoded. */
  List<String> seen() {
    return List.copyOf(seen);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String url = exchange.getRequestURI().toString();
      seen.add(exchange.getRequestMethod() + " " + decoded(url));
      behaviour.on(exchange);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  /** As an API server does. */
  void answer(HttpExchange exchange) throws IOException {
    String[] path = exchange.getRequestURI().getPath().split("/", -1);
    // "", api, v1, namespaces, NAMESPACE, pods[, NAME]
    if (path.length == 7) {
      one(exchange, path[4], path[6]);
    } else {
      list(exchange, path[4], exchange.getRequestURI().getRawQuery());
    }
  }

  private void one(HttpExchange exchange, String namespace, String name) throws IOException {
    List<FakePod> found =
        pods.stream()
            .filter(p -> p.namespace().equals(namespace) && p.name().equals(name))
            .toList();
    if (found.isEmpty()) {
      FakeApiServer.respond(exchange, 404, notFound(name));
    } else {
      FakeApiServer.respond(exchange, 200, found.getFirst().json());
    }
  }

  private static String notFound(String name) {
    return """
    {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
     "message": "pods \\"%s\\" not found", "reason": "NotFound",
     "details": {"name": "%s", "kind": "pods"}, "code": 404}
    """
        .formatted(name, name);
  }

  private void list(HttpExchange exchange, String namespace, String query) throws IOException {
    int limit = Integer.MAX_VALUE;
    Predicate<FakePod> selected = pod -> pod.namespace().equals(namespace);
    for (String parameter : query.split("&")) {
      String value = decoded(parameter.substring(parameter.indexOf('=') + 1));
      switch (parameter.substring(0, parameter.indexOf('='))) {
        case "resourceVersion" -> selected = selected.and(pod -> !unseen.contains(pod));
        case "limit" -> limit = Integer.parseInt(value);
        case "fieldSelector" -> selected = selected.and(selector(value));
        default -> throw new IllegalArgumentException(parameter);
      }
    }
    List<FakePod> found = pods.stream().filter(selected).toList();
    String items = found.stream().limit(limit).map(FakePod::json).collect(joining(", "));
    String more = found.size() > limit ? ", \"continue\": \"more\"" : "";
    FakeApiServer.respond(
        exchange,
        200,
        """
        {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"%s},
         "items": [%s]}
        """
            .formatted(more, items));
  }

  private static Predicate<FakePod> selector(String selectors) {
    return Arrays.stream(selectors.split(","))
        .map(FakePodServer::term)
        .reduce(_ -> true, Predicate::and);
  }

  private static Predicate<FakePod> term(String term) {
    boolean not = term.contains("!=");
    String[] sides = term.split(not ? "!=" : "=", -1);
    return pod -> field(pod, sides[0]).equals(sides[1]) != not;
  }

  private static String field(FakePod pod, String field) {
    return switch (field) {
      case "spec.nodeName" -> pod.node();
      case "spec.serviceAccountName" -> pod.account();
      case "status.phase" -> pod.phase();
      default -> throw new IllegalArgumentException(field);
    };
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
