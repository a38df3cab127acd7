package io.signet.ca.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.ca.http.Readiness.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class OperatorServerTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private volatile Readiness readiness = List::of;
  private OperatorServer server;

  @BeforeEach
  void start() throws IOException {
    server =
        OperatorServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            List.of(
                new HealthRoutes(() -> readiness.problems()), new MetricsRoutes(() -> "up 1\n")));
  }

  @AfterEach
  void stop() {
    server.close();
    client.close();
  }

  @Test
  void live_always_200() throws Exception {
    readiness = () -> List.of(new Problem("store", "gone", true));

    assertThat(get("/healthz/live").statusCode()).isEqualTo(200);
  }

  @Test
  void ready_noProblem_200() throws Exception {
    HttpResponse<String> answer = get("/healthz/ready");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer).path("ready").asBoolean()).isTrue();
  }

  @Test
  void ready_problems_503AndEachNamed() throws Exception {
    readiness =
        () ->
            List.of(
                new Problem("store", "no answer", true), new Problem("authority", "expired", true));

    HttpResponse<String> answer = get("/healthz/ready");

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("content-type")).contains("application/json");
    assertThat(json(answer))
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    {"ready": false, "problems": [
                      {"what": "store", "why": "no answer", "blocking": true},
                      {"what": "authority", "why": "expired", "blocking": true}]}
                    """));
  }

  // An API server that is down must not take every replica out of service, also for callers that
  // need no review.
  @Test
  void ready_problemThatDoesNotBlock_200AndNamed() throws Exception {
    readiness = () -> List.of(new Problem("attestation.kubernetes", "no answer", false));

    HttpResponse<String> answer = get("/healthz/ready");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer))
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    {"ready": true, "problems": [
                      {"what": "attestation.kubernetes", "why": "no answer", "blocking": false}]}
                    """));
  }

  @Test
  void ready_checkFails_500WithoutDetail() throws Exception {
    readiness =
        () -> {
          throw new IllegalStateException("a bug, thrown by this test");
        };

    HttpResponse<String> answer = get("/healthz/ready");

    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).isEqualTo("{\"error\":\"internal error\"}\n");
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void metrics_eitherVersionOfHttp_prometheusText(HttpClient.Version version) throws Exception {
    HttpResponse<String> answer =
        client.send(request("/metrics").version(version).build(), BodyHandlers.ofString());

    assertThat(answer.version()).isEqualTo(version);
    assertThat(answer.headers().firstValue("content-type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(answer.body()).isEqualTo("up 1\n");
  }

  @Test
  void get_unknownPath_404Json() throws Exception {
    HttpResponse<String> answer = get("/nothing");

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(json(answer).path("error").asText()).isEqualTo("no such path");
  }

  @Test
  void post_pathToRead_405Json() throws Exception {
    var post = request("/metrics").POST(HttpRequest.BodyPublishers.ofString("x")).build();

    HttpResponse<String> answer = client.send(post, BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(json(answer).path("error").asText()).isEqualTo("method not allowed");
  }

  @Test
  void head_live_200WithoutBody() throws Exception {
    HttpResponse<String> answer =
        client.send(request("/healthz/live").HEAD().build(), BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void start_portTaken_namedWithCause() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), taken.getLocalPort());

      assertThatThrownBy(() -> OperatorServer.start(address, List.of()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot listen on localhost:" + taken.getLocalPort())
          .hasMessageContaining("Address already in use");
    }
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path));
  }

  private static JsonNode json(HttpResponse<String> answer) throws IOException {
    return new ObjectMapper().readTree(answer.body());
  }
}
