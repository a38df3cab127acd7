package io.signet.ca.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * The operator plane of a running server, as a command asks it.
 *
 * @param address {@code http://HOST:PORT}
 */
record OperatorPlane(URI address) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration CONNECTING = Duration.ofSeconds(5);
  private static final Duration ANSWERING = Duration.ofSeconds(10);

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
    return new OperatorPlane(address);
  }

  /**
   * What stands at this path.
   *
   * @throws CommandException when nobody answers there, or not as a server of ours
   */
  JsonNode get(String path) throws CommandException, InterruptedException {
    HttpResponse<String> answer = answer(path);
    if (answer.statusCode() != 200) {
      throw notOurs(path, "status " + answer.statusCode());
    }
    try {
      return MAPPER.readTree(answer.body());
    } catch (JsonProcessingException e) {
      throw notOurs(path, "no JSON");
    }
  }

  private HttpResponse<String> answer(String path) throws CommandException, InterruptedException {
    URI uri = URI.create(address + path);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(ANSWERING).build();
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(CONNECTING).build()) {
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

  private CommandException notOurs(String path, String what) {
    return new CommandException(
        "%s: %s for %s (expected: the operator address of a signet server)"
            .formatted(address, what, path));
  }
}
