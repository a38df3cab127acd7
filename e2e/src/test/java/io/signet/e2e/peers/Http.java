package io.signet.e2e.peers;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** HTTP to a peer on loopback, where all but success is an exception. */
final class Http {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final HttpClient PLAIN =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private Http() {}

  static String get(URI uri) throws IOException {
    return send(PLAIN, HttpRequest.newBuilder(uri));
  }

  /** The body of the answer. A status other than 2xx is an {@link IOException} with the body. */
  static String send(HttpClient client, HttpRequest.Builder request) throws IOException {
    HttpRequest ready = request.timeout(LIMIT).build();
    try {
      var answer = client.send(ready, BodyHandlers.ofString());
      if (answer.statusCode() / 100 == 2) return answer.body();
      throw new IOException(
          ready.method() + " " + ready.uri() + ": " + answer.statusCode() + " " + answer.body());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
