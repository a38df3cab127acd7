package io.signet.ca.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;

/**
 * The operator plane of a running server, as a command asks it.
 *
 * @param address {@code http://HOST:PORT} or {@code https://HOST:PORT}
 * @param access by which TLS, and with which token
 */
record OperatorPlane(URI address, OperatorAccess access) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration CONNECTING = Duration.ofSeconds(5);
  private static final Duration ANSWERING = Duration.ofSeconds(10);
  private static final String JSON = "application/json";

  /** An act may wait for the store. */
  private static final Duration ACTING = Duration.ofSeconds(30);

  /**
   * By its URL; a slash at the end makes no difference.
   *
   * @throws IllegalArgumentException if it is none
   */
  static OperatorPlane parse(String text) {
    URI address = URI.create(text.replaceFirst("/+$", ""));
    if (address.getHost() == null || !String.valueOf(address.getScheme()).matches("https?")) {
      throw new IllegalArgumentException(text + " (expected: a URL such as http://127.0.0.1:8080)");
    }
    return new OperatorPlane(address, OperatorAccess.ANYBODY);
  }

  /** The same plane, asked in this way. */
  OperatorPlane by(OperatorAccess other) {
    return new OperatorPlane(address, other);
  }

  boolean isOverTls() {
    return address.getScheme().equals("https");
  }

  /**
   * What stands at this path.
   *
   * @throws CommandException when nobody answers there, or not as a server of ours
   */
  JsonNode get(String path) throws CommandException, InterruptedException {
    return json(path, text(path));
  }

  /** The same, as it is. */
  String text(String path) throws CommandException, InterruptedException {
    return answer(path, request(path).timeout(ANSWERING));
  }

  /**
   * Has the server do something, as the administrator whose credentials the access has.
   *
   * @param said texts by name
   * @return its answer
   * @throws CommandException with its words when it refuses, or when nobody answers there
   */
  JsonNode post(String path, Map<String, String> said)
      throws CommandException, InterruptedException {
    HttpRequest.Builder request =
        request(path)
            .timeout(ACTING)
            .header("content-type", JSON)
            .POST(BodyPublishers.ofString(Json.of(said)));
    access.authorize(request);
    return json(path, answer(path, request));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(address + path)).version(HttpClient.Version.HTTP_1_1);
  }

  private String answer(String path, HttpRequest.Builder request)
      throws CommandException, InterruptedException {
    HttpResponse<String> answer = send(request.build());
    if (answer.statusCode() != 200) {
      throw refused(path, answer);
    }
    return answer.body();
  }

  private HttpResponse<String> send(HttpRequest request)
      throws CommandException, InterruptedException {
    var builder = HttpClient.newBuilder().connectTimeout(CONNECTING);
    access.tls().ifPresent(builder::sslContext);
    try (HttpClient client = builder.build()) {
      return client.send(request, BodyHandlers.ofString());
    } catch (IOException e) {
      throw new CommandException(
          "%s: no answer: %s (expected: the operator address of a server that runs)"
              .formatted(address, reason(e)),
          e);
    }
  }

  // What refuses a connection says so further down, if at all.
  private static String reason(Throwable e) {
    if (e.getMessage() != null) {
      return e.getMessage();
    }
    return e.getCause() == null ? e.getClass().getSimpleName() : reason(e.getCause());
  }

  private CommandException refused(String path, HttpResponse<String> answer) {
    String why = errorIn(answer.body());
    boolean knowsThePath = answer.statusCode() != 404 && answer.statusCode() != 405;
    return knowsThePath && !why.isEmpty()
        ? new CommandException("%s: %s".formatted(address, why))
        : notOurs(path, "status " + answer.statusCode());
  }

  // In our own words, or in those of somebody else who happens to be there.
  private static String errorIn(String body) {
    try {
      return MAPPER.readTree(body).path("error").asText().replaceAll("\\p{Cntrl}", "?");
    } catch (JsonProcessingException e) {
      return "";
    }
  }

  private JsonNode json(String path, String body) throws CommandException {
    try {
      return MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      throw notOurs(path, "no JSON");
    }
  }

  private CommandException notOurs(String path, String what) {
    return new CommandException(
        "%s: %s for %s (expected: the operator address of a signet server)"
            .formatted(address, what, path));
  }
}
