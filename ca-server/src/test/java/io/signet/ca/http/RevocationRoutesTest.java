package io.signet.ca.http;

import static io.signet.ca.testing.Fixtures.CART;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.ca.issuance.Limits;
import io.signet.ca.revocation.ActingRevoker;
import io.signet.ca.revocation.Revoker;
import io.signet.ca.x509.RevocationReason;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whoever may read what is revoked, and who may revoke. */
final class RevocationRoutesTest {

  private static final String TOKEN = "0123456789abcdef-the-token";

  private final HttpClient client = HttpClient.newHttpClient();
  private final BlockingQueue<Map<String, String>> acted = new LinkedBlockingQueue<>();
  private volatile Optional<Revoker> revoker = Optional.empty();
  private final AtomicLong nanos = new AtomicLong();
  private ActingRevoker acting;
  private OperatorServer server;

  @BeforeEach
  void start() throws Exception {
    acting = new ActingRevoker();
    revoker = Optional.of(acting.revoker());
    server =
        OperatorServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            List.of(new RevocationRoutes(() -> revoker, door(), nanos::get)));
  }

  private AdminDoor door() {
    Administrators administrators =
        new Administrators(
            Optional.of(() -> SecretBytes.copyOf(TOKEN.getBytes(StandardCharsets.UTF_8))),
            Optional.empty(),
            _ -> false);
    return new AdminDoor(
        administrators,
        Limits.none(),
        new AdminDoor.Events() {
          @Override
          public void acted(Map<String, String> said) {
            acted.add(said);
          }

          @Override
          public void turnedAway(Map<String, String> said) {}
        });
  }

  @AfterEach
  void stop() {
    server.close();
    client.close();
  }

  @Test
  void list_nothing_saysSo() throws Exception {
    assertThat(list())
        .isEqualTo(
            json("{\"revoked\":[],\"denied\":[],\"delivered\":\"nothing\",\"problems\":[]}"));
  }

  // Nobody has to show who they are, and each look reads everything.
  @Test
  void list_askedOften_oneLookASecond() throws Exception {
    JsonNode before = list();
    var _ = acting.leaf(CART);
    var _ = acting.revoker().revoke(CART, RevocationReason.SUPERSEDED, "another replica");
    nanos.addAndGet(Duration.ofMillis(999).toNanos());
    assertThat(list()).isEqualTo(before);

    nanos.addAndGet(Duration.ofMillis(1).toNanos());
    assertThat(list().at("/denied/0/id").asText()).isEqualTo(CART.toString());
  }

  @Test
  void revoke_serial_listedWithWhoAndWhy() throws Exception {
    String serial = SerialNumber.of(acting.leaf(CART)).toString();

    HttpResponse<String> answer =
        post("revoke", "{\"serial\":\"%s\",\"reason\":\"key-compromise\"}".formatted(serial));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer.body()).at("/revoked/0/serial").asText()).isEqualTo(serial);
    assertThat(json(answer.body()).path("unlisted").asInt()).isZero();
    JsonNode one = list().at("/revoked/0");
    assertThat(one.path("id").asText()).isEqualTo(CART.toString());
    assertThat(one.path("reason").asText()).isEqualTo("key-compromise");
    assertThat(one.path("by").asText()).isNotEmpty();
    assertThat(one.path("listed").asBoolean()).isTrue();
    assertThat(list().path("delivered").asText()).isEqualTo("all");
    assertThat(acted.take()).containsEntry("outcome", "done");
  }

  @Test
  void revokeAndLift_identity_deniedInBetween() throws Exception {
    var _ = acting.leaf(CART);
    HttpResponse<String> revoked =
        post("revoke", "{\"identity\":\"%s\",\"reason\":\"superseded\"}".formatted(CART));
    assertThat(json(revoked.body()).path("denied").asText()).isEqualTo(CART.toString());
    assertThat(json(revoked.body()).path("revoked")).hasSize(1);
    assertThat(list().at("/denied/0/id").asText()).isEqualTo(CART.toString());

    HttpResponse<String> lifted = post("lift", "{\"identity\":\"%s\"}".formatted(CART));

    assertThat(json(lifted.body())).isEqualTo(json("{\"lifted\":\"%s\"}".formatted(CART)));
    assertThat(list().path("denied")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "revoke | {\"serial\":\"7f\",\"reason\":\"bad mood\"} | 400 | reason: bad mood (expected: one of",
        "revoke | {\"serial\":\"x\",\"reason\":\"superseded\"} | 400 | serial: serial number",
        "revoke | {\"identity\":\"x\",\"reason\":\"superseded\"} | 400 | identity: ",
        "revoke | {\"reason\":\"superseded\"} | 400 | expected one of serial, identity and authority",
        "revoke | {\"serial\":\"7f\",\"authority\":\"7f\",\"reason\":\"superseded\"} | 400 | expected one of",
        "revoke | {\"serial\":\"7f\"} | 400 | reason: missing",
        "revoke | {\"who\":\"7f\"} | 400 | who: unknown member",
        "revoke | {\"serial\":\"7f7f\",\"reason\":\"superseded\"} | 409 | is not in the ledger",
        "revoke | {\"authority\":\"7f7f\",\"reason\":\"superseded\"} | 409 | authority 7f7f: 0 of them",
        "lift | {\"identity\":\"spiffe://example.org/x\"} | 409 | is not denied",
        "lift | {} | 400 | identity: missing"
      })
  void act_wrong_refusedSayingWhat(String act, String body, int status, String message)
      throws Exception {
    HttpResponse<String> answer = post(act, body);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(json(answer.body()).path("error").asText()).contains(message);
  }

  @Test
  void revoke_withoutToken_turnedAway() throws Exception {
    HttpRequest request =
        request("/v1/revocations/revoke")
            .header("content-type", "application/json")
            .POST(BodyPublishers.ofString("{}"))
            .build();

    assertThat(send(request).statusCode()).isEqualTo(401);
  }

  @Test
  void any_serverStillStarts_unavailable() throws Exception {
    revoker = Optional.empty();

    assertThat(send(request("/v1/revocations").build()).statusCode()).isEqualTo(503);
    assertThat(post("lift", "{\"identity\":\"%s\"}".formatted(CART)).statusCode()).isEqualTo(503);
  }

  private JsonNode list() throws Exception {
    return json(send(request("/v1/revocations").build()).body());
  }

  private HttpResponse<String> post(String act, String body) throws Exception {
    return send(
        request("/v1/revocations/" + act)
            .header("content-type", "application/json")
            .header("authorization", "Bearer " + TOKEN)
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return client.send(request, BodyHandlers.ofString());
  }

  private static JsonNode json(String text) throws IOException {
    return new ObjectMapper().readTree(text);
  }
}
