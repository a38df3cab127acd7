package io.signet.ca.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.ca.http.KeysStatus.RootKey;
import io.signet.ca.http.KeysStatus.Trouble;
import io.signet.ca.http.Readiness.Problem;
import io.signet.hsm.CustodianStatus;
import io.signet.hsm.CustodianStatus.Load;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class OperatorServerTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final KeysStatus KEYS =
      new KeysStatus(
          NOW,
          "file",
          "key folder /keys",
          "memory",
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          CustodianStatus.IN_PROCESS,
          0,
          0,
          Optional.empty());

  private final HttpClient client = HttpClient.newHttpClient();
  private volatile Readiness readiness = List::of;
  private volatile KeysStatus keys = KEYS;
  private OperatorServer server;

  @BeforeEach
  void start() throws IOException {
    server =
        OperatorServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            List.of(
                new HealthRoutes(() -> readiness.problems()),
                new MetricsRoutes(() -> "up 1\n"),
                new KeysRoutes(() -> keys)));
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

  // KC-8
  @Test
  void keys_deviceInTrouble_allOfIt() throws Exception {
    var trouble = new Trouble(NOW, Fault.LOST, "token is not there");
    keys =
        new KeysStatus(
            NOW,
            "vault",
            "transit of https://vault:8200",
            "custodian",
            Optional.of(new RootKey(new KeyLabel("root-1"), KeyAlgorithm.EC_P256)),
            Optional.of(NOW.minusSeconds(10)),
            Optional.of(trouble),
            new CustodianStatus(
                Optional.of(new Load(4, 1, 2, 3)), Optional.of(NOW.plusSeconds(90))),
            5,
            4,
            Optional.of(trouble));

    HttpResponse<String> answer = get("/v1/keys");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer))
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    {"usable": false, "custodian": "vault",
                     "where": "transit of https://vault:8200",
                     "root": {"label": "root-1", "algorithm": "ec-p256"},
                     "seen": "2026-11-23T11:59:50Z",
                     "problem": {"at": "2026-11-23T12:00:00Z", "fault": "lost",
                       "why": "token is not there", "check": "%1$s"},
                     "issuing": "custodian",
                     "calls": {"permits": 4, "free": 1, "waiting": 2, "given-up": 3},
                     "lease": {"ends": "2026-11-23T12:01:30Z", "left-seconds": 90},
                     "losses": 5, "recoveries": 4,
                     "last-error": {"at": "2026-11-23T12:00:00Z", "fault": "lost",
                       "why": "token is not there", "check": "%1$s"}}
                    """
                        .formatted(Fault.LOST.toCheck())));
    assertInReference(json(answer));
  }

  private static void assertInReference(JsonNode json) throws IOException {
    String reference = Files.readString(Path.of("..", "docs", "reference.md"));
    json.properties()
        .forEach(member -> assertThat(reference).contains("`" + member.getKey() + "`"));
    for (JsonNode member : json) {
      assertInReference(member);
    }
  }

  @Test
  void keys_nothingKnownYet_noMembersForIt() throws Exception {
    assertThat(json(get("/v1/keys")))
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    {"usable": false, "custodian": "file", "where": "key folder /keys",
                     "issuing": "memory", "losses": 0, "recoveries": 0}
                    """));
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
