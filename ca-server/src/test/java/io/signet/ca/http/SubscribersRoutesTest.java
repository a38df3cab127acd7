package io.signet.ca.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.ca.http.SubscriberStatus.Held;
import io.signet.sds.Condition;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SubscribersRoutesTest {
  private static final String VERSION = "0123456789abcdef".repeat(4);

  private final HttpClient client = HttpClient.newHttpClient();
  private volatile Supplier<Stream<SubscriberStatus>> open = Stream::empty;
  private OperatorServer server;

  @BeforeEach
  void start() throws IOException {
    server =
        OperatorServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            List.of(new SubscribersRoutes(() -> open.get())));
  }

  @AfterEach
  void stop() {
    server.close();
    client.close();
  }

  @Test
  void subscribers_none_emptyAnswer() throws Exception {
    HttpResponse<String> answer = get("");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type")).contains("application/json");
    assertThat(answer.body()).isEqualTo("{\"streams\":[],\"shown\":0,\"total\":0}\n");
  }

  @Test
  void subscribers_one_allOfIt() throws Exception {
    Instant when = Instant.parse("2026-11-23T12:00:00Z");
    open =
        () ->
            Stream.of(
                new SubscriberStatus(
                    "1a",
                    "sidecar~web-1",
                    "spiffe://example.org/web",
                    "pod-uid",
                    "unix:/run/sds.sock",
                    List.of(
                        new Held(
                            "ROOTCA",
                            Condition.REFUSED,
                            Optional.of(VERSION),
                            Optional.of(when),
                            2,
                            Optional.of("bad \"root\"")),
                        new Held(
                            "none",
                            Condition.MISSING,
                            Optional.empty(),
                            Optional.empty(),
                            0,
                            Optional.empty()))));

    JsonNode answer = json(get(""));

    assertThat(answer)
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    {"streams": [
                      {"stream": "1a", "node": "sidecar~web-1",
                       "identity": "spiffe://example.org/web", "instance": "pod-uid",
                       "listener": "unix:/run/sds.sock",
                       "names": [
                         {"name": "ROOTCA", "state": "refused", "version": "%s",
                          "since": "2026-11-23T12:00:00Z", "nacks": 2, "nack": "bad \\"root\\""},
                         {"name": "none", "state": "missing", "nacks": 0}]}],
                     "shown": 1, "total": 1}
                    """
                        .formatted(VERSION)));
    assertInReference(answer);
  }

  @Test
  void subscribers_manyProxies_asManyAsAskedForInOrderAndTheTotal() throws Exception {
    open = () -> IntStream.range(0, 10_000).mapToObj(i -> stream(9_999 - i, Condition.SILENT));

    JsonNode standard = json(get(""));
    JsonNode all = json(get("?limit=10000"));

    assertThat(standard.path("streams")).hasSize(1000);
    assertThat(standard.path("shown").asInt()).isEqualTo(1000);
    assertThat(standard.path("total").asInt()).isEqualTo(10_000);
    assertThat(standard.path("streams").get(0).path("node").asText()).isEqualTo("node-00000");
    assertThat(all.path("streams")).hasSize(10_000);
    assertThat(all.path("streams").get(9_999).path("node").asText()).isEqualTo("node-09999");
  }

  @Test
  void subscribers_behind_onlyThose() throws Exception {
    open =
        () -> Stream.of(Condition.values()).map(state -> stream(1, Condition.ACKNOWLEDGED, state));

    JsonNode answer = json(get("?behind=true"));

    assertThat(answer.path("total").asInt()).isEqualTo(3);
    assertThat(answer.path("streams").findValuesAsText("state"))
        .contains("refused", "silent", "unsent")
        .doesNotContain("missing");
    assertThat(json(get("?behind=false")).path("total").asInt()).isEqualTo(5);
  }

  // Peers choose the names.
  @Test
  void subscribers_hugeNames_answerEnds() throws Exception {
    open = () -> IntStream.range(0, 20).mapToObj(i -> named(i, "x".repeat(1024 * 1024)));

    HttpResponse<String> answer = get("");

    assertThat(answer.body().length()).isBetween(15 * 1024 * 1024, 18 * 1024 * 1024);
    assertThat(json(answer).path("shown").asInt()).isBetween(15, 17);
    assertThat(json(answer).path("total").asInt()).isEqualTo(20);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ?limit=0 | limit: 0 (expected: 1 to 100000)
          ?limit=100001 | limit: 100001 (expected: 1 to 100000)
          ?limit=many | limit: many (expected: 1 to 100000)
          ?limit=1&limit=2 | limit: 1, 2 (expected: once)
          ?behind=yes | behind: yes (expected: true or false)
          """)
  void subscribers_badQuery_400(String query, String error) throws Exception {
    HttpResponse<String> answer = get(query);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json(answer).path("error").asText()).isEqualTo(error);
  }

  @Test
  void head_200WithoutBody() throws Exception {
    HttpResponse<String> answer = client.send(request("").HEAD().build(), BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
  }

  private static SubscriberStatus stream(int number, Condition... states) {
    return new SubscriberStatus(
        Integer.toString(number),
        "node-%05d".formatted(number),
        "spiffe://example.org/web",
        "",
        "",
        Stream.of(states).map(state -> held(state.label(), state)).toList());
  }

  private static SubscriberStatus named(int number, String name) {
    return new SubscriberStatus(
        Integer.toString(number), "n", "i", "", "", List.of(held(name, Condition.MISSING)));
  }

  private static Held held(String name, Condition state) {
    return new Held(name, state, Optional.of(VERSION), Optional.empty(), 0, Optional.empty());
  }

  private static void assertInReference(JsonNode json) throws IOException {
    String reference = Files.readString(Path.of("..", "docs", "reference.md"));
    json.properties()
        .forEach(member -> assertThat(reference).contains("`" + member.getKey() + "`"));
    for (JsonNode member : json) {
      assertInReference(member);
    }
    for (Condition state : Condition.values()) {
      assertThat(reference).contains("`" + state.label() + "`");
    }
  }

  private HttpResponse<String> get(String query) throws IOException, InterruptedException {
    return client.send(request(query).build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String query) {
    return HttpRequest.newBuilder(
        URI.create("http://localhost:%d/v1/sds/subscribers%s".formatted(server.port(), query)));
  }

  private static JsonNode json(HttpResponse<String> answer) throws IOException {
    return new ObjectMapper().readTree(answer.body());
  }
}
