package io.signet.ca.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.attestation.x509.ClientCertificateAttestor;
import io.signet.attestation.x509.Distrust;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.RateLimit;
import io.signet.ca.rotation.AuthorityStatus;
import io.signet.ca.rotation.FakeRotationControl;
import io.signet.ca.rotation.RotationControl;
import io.signet.ca.tls.CountingKeys;
import io.signet.ca.tls.TestCertificates;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RotationRoutesTest {
  private static final TestCertificates ROOT = TestCertificates.root("root");
  private static final TrustDomain DOMAIN = new TrustDomain("example.org");
  private static final SpiffeId JO = SpiffeId.parse("spiffe://example.org/user/jo");
  private static final String TOKEN = "0123456789abcdef-the-token";
  private static final String REASON = "{\"reason\": \"yearly\"}";
  private static final TrustBundle BUNDLE =
      new TrustBundle(DOMAIN, 7, List.of(ROOT.certificate()), Optional.empty());

  private final HttpClient client = HttpClient.newHttpClient();
  private final FakeRotationControl rotation = new FakeRotationControl();
  private final BlockingQueue<Map<String, String>> acted = new LinkedBlockingQueue<>();
  private final BlockingQueue<Map<String, String>> turnedAway = new LinkedBlockingQueue<>();
  private volatile Optional<RotationControl> control = Optional.of(rotation);
  private volatile Optional<TrustBundle> bundle = Optional.of(BUNDLE);
  private volatile Optional<String> token = Optional.of(TOKEN);
  private OperatorServer server;

  @BeforeEach
  void start() throws IOException {
    server = OperatorServer.start(loopback(), routes(byToken(), Limits.none()));
  }

  @AfterEach
  void stop() {
    server.close();
    client.close();
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private Administrators byToken() {
    return new Administrators(Optional.of(this::readToken), Optional.empty(), _ -> false);
  }

  private static Administrators nobody() {
    return new Administrators(Optional.empty(), Optional.empty(), _ -> false);
  }

  private Administrators byCertificate() {
    var attestor =
        new ClientCertificateAttestor(
            () -> BUNDLE,
            SpiffeId.parse("spiffe://example.org/server"),
            Distrust.NONE,
            Clock.systemUTC());
    return new Administrators(Optional.of(this::readToken), Optional.of(attestor), JO::equals);
  }

  private SecretBytes readToken() throws IOException {
    return SecretBytes.copyOf(
        token
            .orElseThrow(() -> new IOException("/etc/token: gone"))
            .getBytes(StandardCharsets.UTF_8));
  }

  private List<Routes> routes(Administrators administrators, Limits limits) {
    var events =
        new AdminDoor.Events() {
          @Override
          public void acted(Map<String, String> said) {
            acted.add(said);
          }

          @Override
          public void turnedAway(Map<String, String> said) {
            turnedAway.add(said);
          }
        };
    AdminDoor door = new AdminDoor(administrators, limits, events);
    return List.of(new RotationRoutes(() -> control, door), new BundleRoutes(() -> bundle));
  }

  @Test
  void rotation_rootElsewhere_409SayingWhere() throws Exception {
    rotation.elsewhere = Optional.of("the root is not rotated here: it was imported");

    HttpResponse<String> answer = get("/v1/rotation");

    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(json(answer).path("error").asText())
        .isEqualTo("the root is not rotated here: it was imported");
  }

  @Test
  void rotation_steady_withoutCredentials() throws Exception {
    HttpResponse<String> answer = get("/v1/rotation");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer))
        .isEqualTo(
            json(
                """
                {"at": "2026-11-23T12:00:00Z", "phase": "steady",
                 "since": "2026-11-23T11:59:00Z",
                 "active": {"generation": 1, "label": "root-1"}, "bundle": 1,
                 "trusted": [{"generation": 1, "label": "root-1"}],
                 "approved": false, "forced": false, "compromised": false,
                 "waits": [], "progress": {"all": 0, "lagging": 0, "laggards": []},
                 "alarms": [], "approval": false, "next-start": "2026-11-23T13:00:00Z",
                 "history": []}
                """));
  }

  @Test
  void rotation_published_allOfIt() throws Exception {
    rotation.status = FakeRotationControl.published();

    JsonNode status = json(get("/v1/rotation"));

    assertThat(status)
        .isEqualTo(
            json(
                """
                {"at": "2026-11-23T12:00:00Z", %1$s, "waits": ["1 of 3 has not got bundle 2"],
                 "progress": {"all": 3, "lagging": 1, "laggards": [
                   {"kind": "subscriber", "name": "spiffe://example.org/web|pod-1",
                    "has": "bundle 1", "since": "2026-11-23T11:59:35Z", "problem": "bad root"}]},
                 "deadline": "2026-11-23T12:01:30Z",
                 "alarms": ["spiffe://example.org/web|pod-1 has refused bundle 2"],
                 "approval": true,
                 "history": [{"number": 3, "at": "2026-11-23T11:59:30Z", "by": "signet",
                   "reason": "prepared", "state": {%1$s}}]}
                """
                    .formatted(
                        """
                        "phase": "published", "since": "2026-11-23T11:59:30Z",
                        "active": {"generation": 1, "label": "root-1"},
                        "next": {"generation": 2, "label": "root-2"}, "bundle": 2,
                        "trusted": [{"generation": 1, "label": "root-1"},
                          {"generation": 2, "label": "root-2"}],
                        "approved": false, "forced": false, "compromised": true
                        """)));
    assertInReference(status);
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
  void authorities_certificateAndOneStillMade_each() throws Exception {
    rotation.authorities =
        List.of(
            new AuthorityStatus(
                FakeRotationControl.SECOND, AuthorityStatus.Role.NEXT, false, Optional.empty()),
            new AuthorityStatus(
                FakeRotationControl.FIRST,
                AuthorityStatus.Role.ACTIVE,
                true,
                Optional.of(ROOT.certificate())));

    JsonNode answer = json(get("/v1/authorities"));

    JsonNode made = answer.path("authorities").path(1);
    assertThat(answer.path("authorities").path(0))
        .isEqualTo(
            json(
                """
                {"generation": 2, "label": "root-2", "role": "next", "compromised": false}
                """));
    assertThat(made.path("role").asText()).isEqualTo("active");
    assertThat(made.path("compromised").asBoolean()).isTrue();
    assertThat(made.path("subject").asText()).isEqualTo("CN=root");
    assertThat(made.path("key-id").asText()).matches("[0-9a-f]{40}");
    assertInReference(answer);
  }

  @Test
  void bundle_eachFormat_sameAuthorities() throws Exception {
    JsonNode json = json(get("/v1/bundle"));
    HttpResponse<String> pem = get("/v1/bundle?format=pem");
    HttpResponse<String> jwks = get("/v1/bundle?format=jwks");

    assertThat(json.path("trust-domain").asText()).isEqualTo("example.org");
    assertThat(json.path("sequence").asLong()).isEqualTo(7);
    assertThat(json.path("authorities")).hasSize(1);
    assertInReference(json);
    assertThat(TrustBundle.ofPem(DOMAIN, pem.body()).authorities())
        .containsExactly(ROOT.certificate());
    assertThat(TrustBundle.parseJwkSet(DOMAIN, jwks.body())).isEqualTo(BUNDLE);
    assertThat(pem.headers().firstValue("content-type")).contains("application/x-pem-file");
  }

  @Test
  void bundle_otherFormat_400Named() throws Exception {
    HttpResponse<String> answer = get("/v1/bundle?format=der");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(error(answer)).isEqualTo("format: der (expected: json, pem or jwks)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/rotation", "/v1/authorities", "/v1/bundle"})
  void get_serverStarts_503(String path) throws Exception {
    control = Optional.empty();
    bundle = Optional.empty();

    HttpResponse<String> answer = get(path);

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(error(answer)).contains("later, when the server has started");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/rotation", "/v1/authorities"})
  void get_storeAway_503WithoutDetail(String path) throws Exception {
    rotation.storeIsAway();

    HttpResponse<String> answer = get(path);

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(error(answer)).isEqualTo("the store cannot be reached now; try again later");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          start | {"reason": " yearly "} | start by admin-token: yearly, compromised none
          start | {"reason": "leak", "compromised": "0a1b"} | start by admin-token: leak, compromised 0a1b
          approve | {} | approve by admin-token
          approve | '' | approve by admin-token
          force | {"reason": "gone"} | force by admin-token: gone
          cancel | {"reason": "no"} | cancel by admin-token: no
          """)
  void post_token_doneAndNewStatus(String step, String body, String act) throws Exception {
    rotation.status = FakeRotationControl.published();

    HttpResponse<String> answer = post(step, body, TOKEN);

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(json(answer).path("phase").asText()).isEqualTo("published");
    assertThat(rotation.acts).containsExactly(act);
    Map<String, String> audited = acted.remove();
    assertThat(audited)
        .containsEntry("act", "/v1/rotation/" + step)
        .containsEntry("by", "admin-token")
        .containsEntry("from", "127.0.0.1")
        .containsEntry("asked", body)
        .containsEntry("outcome", "done");
  }

  @Test
  void post_refused_409WithReason() throws Exception {
    rotation.refuse("no rotation is in progress");

    HttpResponse<String> answer = post("approve", "{}", TOKEN);

    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(error(answer)).isEqualTo("no rotation is in progress");
    assertThat(acted.remove()).containsEntry("outcome", "no rotation is in progress");
  }

  @Test
  void post_storeAway_503() throws Exception {
    rotation.storeIsAway();

    assertThat(post("start", REASON, TOKEN).statusCode()).isEqualTo(503);
    assertThat(acted).hasSize(1);
  }

  @Test
  void post_doneAndThenStoreAway_503SaysThatItIsDone() throws Exception {
    rotation.storeGoesAwayAfterNextAct();

    HttpResponse<String> answer = post("approve", "{}", TOKEN);

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(error(answer)).startsWith("it is done, but the store cannot be reached now");
    assertThat(rotation.acts).hasSize(1);
  }

  @Test
  void post_serverStarts_503() throws Exception {
    control = Optional.empty();

    HttpResponse<String> answer = post("start", REASON, TOKEN);

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(error(answer)).startsWith("rotation is not available yet");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          start | {} | reason: missing (expected: a text)
          force | '' | reason: missing (expected: a text)
          start | {"reason": 7} | reason: no text (expected: a text)
          start | {"reason": "  "} | reason: empty (expected: 1 to 500 characters on one line)
          cancel | {"reason": "a\\nb"} | reason: a?b (expected: 1 to 500 characters on one line)
          start | {"reason": "a", "compromise": "b"} | compromise: unknown member (expected: reason or compromised)
          approve | {"reason": "a"} | reason: unknown member (expected: no member)
          start | [] | body: no object (expected: a JSON object)
          """)
  void post_badBody_400Named(String step, String body, String error) throws Exception {
    HttpResponse<String> answer = post(step, body, TOKEN);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(error(answer)).isEqualTo(error);
    assertThat(rotation.acts).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "{\"reason\": \"a\", \"reason\": \"b\"}", "{\"reason\": \"a\"} x"})
  void post_noJson_400(String body) throws Exception {
    HttpResponse<String> answer = post("start", body, TOKEN);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(error(answer)).startsWith("body: ").endsWith("(expected: a JSON object)");
  }

  @Test
  void post_reasonTooLong_400() throws Exception {
    HttpResponse<String> answer = post("start", "{\"reason\": \"" + "x".repeat(501) + "\"}", TOKEN);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(error(answer)).hasSizeLessThan(200).contains("1 to 500 characters");
  }

  @Test
  void post_bodyTooLarge_413() throws Exception {
    HttpResponse<String> answer = post("start", " ".repeat(16 * 1024 + 1), TOKEN);

    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(error(answer)).isEqualTo("body too large");
  }

  // What a form of another site can send.
  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
  void post_otherContentType_415(String type) throws Exception {
    HttpResponse<String> answer =
        client.send(
            request("start", REASON).setHeader("content-type", type).build(),
            BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(415);
    assertThat(rotation.acts).isEmpty();
  }

  @Test
  void post_noCredentials_401() throws Exception {
    HttpResponse<String> answer =
        client.send(request("start", REASON).build(), BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(answer.headers().firstValue("www-authenticate")).contains("Bearer");
    assertThat(error(answer)).startsWith("no credentials (expected: the admin token");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0123456789abcdef-the-tokem", "0123456789abcdef-the-toke", "x"})
  void post_wrongToken_401AndAudited(String wrong) throws Exception {
    HttpResponse<String> answer = post("start", REASON, wrong);

    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(rotation.acts).isEmpty();
    assertThat(turnedAway.remove().toString())
        .contains("act=/v1/rotation/start", "from=127.0.0.1", "wrong token")
        .doesNotContain(wrong + ",", TOKEN);
  }

  @Test
  void post_tokenChanged_newOneCounts() throws Exception {
    String other = "another-token-0123456789";
    token = Optional.of(other);

    assertThat(post("approve", "{}", TOKEN).statusCode()).isEqualTo(401);
    assertThat(post("approve", "{}", other).statusCode()).isEqualTo(200);
  }

  @Test
  void post_tokenUnreadable_503AndOnlyTheAuditKnowsWhy() throws Exception {
    token = Optional.empty();

    HttpResponse<String> answer = post("approve", "{}", TOKEN);

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(error(answer)).isEqualTo("the admin token cannot be read now");
    assertThat(turnedAway.remove()).containsEntry("why", "/etc/token: gone");
  }

  @Test
  void post_tooManyAttempts_429AlsoForTheRightToken() throws Exception {
    server.close();
    Limits two =
        new Limits(
            Optional.of(new RateLimit(1, 2)), Optional.empty(), OptionalInt.empty(), () -> 0L);
    server = OperatorServer.start(loopback(), routes(byToken(), two));

    var _ = post("approve", "{}", "wrong");
    var _ = post("approve", "{}", "wrong");

    assertThat(post("approve", "{}", TOKEN).statusCode()).isEqualTo(429);
    assertThat(rotation.acts).isEmpty();
  }

  @Test
  void post_nobodyConfigured_403SaysWhatToConfigure() throws Exception {
    server.close();
    server = OperatorServer.start(loopback(), routes(nobody(), Limits.none()));

    HttpResponse<String> answer = post("approve", "{}", TOKEN);

    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(error(answer)).contains("admin.token-file", "admin.ids");
  }

  @Test
  void tls_certificateOfAnAdministrator_byItsId() throws Exception {
    HttpResponse<String> answer = overTls(ROOT.workload(JO.toString()), "");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(rotation.acts).containsExactly("approve by " + JO);
    assertThat(acted.remove()).containsEntry("by", JO.toString());
  }

  @Test
  void tls_certificateOfSomebodyElse_403Named() throws Exception {
    HttpResponse<String> answer = overTls(ROOT.workload("spiffe://example.org/user/mo"), "");

    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(error(answer))
        .isEqualTo(
            "spiffe://example.org/user/mo is no administrator (expected: one of admin.ids that is not denied)");
  }

  @Test
  void tls_expiredCertificate_401() throws Exception {
    HttpResponse<String> answer = overTls(ROOT.workload(JO.toString(), Duration.ofDays(-1)), "");

    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(turnedAway.remove().get("why")).contains("expired");
  }

  @Test
  void tls_certificateOfAnotherRoot_401() throws Exception {
    HttpResponse<String> answer =
        overTls(TestCertificates.root("other").workload(JO.toString()), "");

    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(rotation.acts).isEmpty();
  }

  @Test
  void tls_certificateOfSomebodyElseAndToken_byToken() throws Exception {
    HttpResponse<String> answer = overTls(ROOT.workload("spiffe://example.org/user/mo"), TOKEN);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(rotation.acts).containsExactly("approve by admin-token");
  }

  private HttpResponse<String> overTls(TestCertificates shown, String bearer) throws Exception {
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(
        new KeyManager[] {new CountingKeys(shown, new AtomicInteger())},
        new TrustManager[] {ROOT.trust()},
        null);
    try (OperatorServer over =
            OperatorServer.start(
                loopback(), () -> ROOT.server().serving(), routes(byCertificate(), Limits.none()));
        HttpClient secure = HttpClient.newBuilder().sslContext(tls).build()) {
      var request =
          HttpRequest.newBuilder(
                  URI.create("https://localhost:" + over.port() + "/v1/rotation/approve"))
              .header("content-type", "application/json")
              .POST(BodyPublishers.ofString("{}"));
      if (!bearer.isEmpty()) {
        request.header("authorization", "Bearer " + bearer);
      }
      return secure.send(request.build(), BodyHandlers.ofString());
    }
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String step, String body, String bearer)
      throws IOException, InterruptedException {
    return client.send(
        request(step, body).header("authorization", "Bearer " + bearer).build(),
        BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String step, String body) {
    return HttpRequest.newBuilder(uri("/v1/rotation/" + step))
        .header("content-type", "application/json; charset=utf-8")
        .POST(BodyPublishers.ofString(body));
  }

  private URI uri(String path) {
    return URI.create("http://localhost:" + server.port() + path);
  }

  private static String error(HttpResponse<String> answer) throws IOException {
    return json(answer).path("error").asText();
  }

  private static JsonNode json(HttpResponse<String> answer) throws IOException {
    return json(answer.body());
  }

  private static JsonNode json(String text) throws IOException {
    return new ObjectMapper().readTree(text);
  }
}
