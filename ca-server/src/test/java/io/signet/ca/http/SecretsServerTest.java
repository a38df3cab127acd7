package io.signet.ca.http;

import static io.signet.ca.http.SecretsPlane.ANSWER;
import static io.signet.ca.http.SecretsPlane.ASK;
import static io.signet.ca.http.SecretsPlane.CLIENT;
import static io.signet.ca.http.SecretsPlane.PATH;
import static io.signet.ca.http.SecretsPlane.PRIVATE;
import static io.signet.ca.http.SecretsPlane.WEB;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.signet.attestation.Attestation;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Evidence.ClientCertificate;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.RateLimit;
import io.signet.sds.Holder;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** SDS-22 over HTTPS, with clients of the JDK. */
@Timeout(60)
final class SecretsServerTest {
  private SecretsPlane plane;

  @BeforeEach
  void start() throws IOException {
    plane = new SecretsPlane();
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  // SDS-1
  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void post_provenByToken_itsSecretsAsJson(HttpClient.Version version) throws Exception {
    HttpResponse<String> answer = plane.ask(version, plane.asking(ASK));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.version()).isEqualTo(version);
    assertThat(json(answer)).isEqualTo(new ObjectMapper().readTree(whole()));
    assertThat(header(answer, "content-type")).isEqualTo("application/json");
    assertThat(header(answer, "cache-control")).isEqualTo("no-store");
    assertThat(header(answer, "signet-request-id")).matches("[0-9a-f]{16}");
    SecretsPlane.Asked asked = plane.asked.take();
    assertThat(asked.caller().holder()).isEqualTo(new Holder(WEB, "127.0.0.1"));
    assertThat(asked.request())
        .isEqualTo(DiscoveryRequest.newBuilder().addResourceNames("default").build());
  }

  private static String whole() {
    return """
    {"versionInfo": "v1", "resources": [{
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
      "name": "default",
      "tlsCertificate": {"privateKey": {"inlineBytes": "%s"}}}]}
    """
        .formatted(Base64.getEncoder().encodeToString(PRIVATE.getBytes(UTF_8)));
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void post_clientCertificate_isEvidence(HttpClient.Version version) throws Exception {
    HttpRequest request = plane.request(PATH).POST(BodyPublishers.ofString(ASK)).build();
    try (var client = SecretsPlane.client(version, SecretsPlane.key(new AtomicInteger()))) {
      assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    }

    assertThat(plane.shown.take()).containsExactly(new ClientCertificate(CLIENT.chain()));
  }

  // ISTIO-15, ISTIO-11: as over gRPC.
  @Test
  void post_severalAuthorizations_firstTokenWithItsCluster() throws Exception {
    HttpRequest request =
        plane
            .request(PATH)
            .header("authorization", "Basic bm86bm8=")
            .header("authorization", "Bearer one")
            .header("authorization", "Bearer two")
            .header("clusterid", "east")
            .POST(BodyPublishers.ofString(ASK))
            .build();

    assertThat(plane.ask(request).statusCode()).isEqualTo(200);
    assertThat(plane.shown.take()).containsExactly(new BearerToken("one", "east"));
  }

  // ISTIO-33: the reason is for us, and found by the id that the caller has.
  @Test
  void post_badToken_401AndTheReasonInOurAuditOnly() throws Exception {
    HttpRequest request =
        plane
            .request(PATH)
            .header("authorization", "Bearer bad")
            .POST(BodyPublishers.ofString(ASK))
            .build();

    HttpResponse<String> answer = plane.ask(request);

    assertRefused(answer, 401, 16, "request authenticate failure");
    assertThat(header(answer, "www-authenticate")).isEqualTo("Bearer");
    assertThat(plane.refusals.take())
        .isEqualTo("127.0.0.1 " + header(answer, "signet-request-id") + " fake: a bad token");
    assertThat(plane.asked).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void post_nothingShown_401(HttpClient.Version version) throws Exception {
    HttpRequest request = plane.request(PATH).POST(BodyPublishers.ofString(ASK)).build();

    assertRefused(plane.ask(version, request), 401, 16, "request authenticate failure");
  }

  @Test
  void post_knownWithoutIdentity_403() throws Exception {
    plane.attestation = Attestation.noIdentity("nobody");

    assertRefused(plane.ask(plane.asking(ASK)), 403, 7, "caller may not have what it asks for");
  }

  @Test
  void post_attestationDown_503() throws Exception {
    plane.attestation = Attestation.unavailable("connection refused");

    assertRefused(plane.ask(plane.asking(ASK)), 503, 14, "temporarily unable to serve the request");
  }

  // RATE-2
  @Test
  void post_addressCallsTooOften_429() throws Exception {
    var once = Optional.of(new RateLimit(1, 1));
    var limits = new Limits(once, Optional.empty(), OptionalInt.empty(), () -> 0);
    try (var limited = new SecretsPlane(limits)) {
      assertThat(limited.ask(limited.asking(ASK)).statusCode()).isEqualTo(200);

      assertRefused(limited.ask(limited.asking(ASK)), 429, 8, "too many requests; try again later");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NOT_FOUND, 404, 5",
    "UNAVAILABLE, 503, 14",
    "PERMISSION_DENIED, 403, 7",
    "INVALID_ARGUMENT, 400, 3",
    "INTERNAL, 500, 13"
  })
  void post_fetchFails_itsStatus(Status.Code code, int status, int number) throws Exception {
    plane.answer =
        CompletableFuture.failedFuture(code.toStatus().withDescription("why").asException());

    assertRefused(plane.ask(plane.asking(ASK)), status, number, "why");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | not an object",
        "null | not an object",
        "[1] | not an object",
        "{\"resource_names\": | Unexpected end-of-input",
        "{} {} | Trailing token",
        "{\"node\": {}, \"node\": {}} | Duplicate field 'node'",
        "{\"resource_names\": 3} | Expected an array for resource_names but found 3",
        "{\"node\": \"me\"} | Expect message object but got: \"me\"",
        "nonsense | Unrecognized token 'nonsense'"
      })
  void post_noSuchJson_400WithWhatIsWrong(String body, String why) throws Exception {
    HttpResponse<String> answer = plane.ask(plane.asking(body));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json(answer).path("code").asInt()).isEqualTo(3);
    assertThat(json(answer).path("message").asText())
        .startsWith("body: " + why)
        .endsWith(" (expected: a DiscoveryRequest as JSON)");
    assertThat(plane.asked).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"version_info\": {\"x\": \"%s\"}}", "%s", "{\"node\": [\"%s\"]}"})
  void post_longNonsense_shortAnswer(String body) throws Exception {
    HttpResponse<String> answer = plane.ask(plane.asking(body.formatted("a".repeat(100_000))));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json(answer).path("message").asText().length()).isLessThan(250);
  }

  @Test
  void post_deepNesting_400() throws Exception {
    String deep = "[".repeat(100_000);

    assertThat(plane.ask(plane.asking("{\"node\":{\"metadata\":{\"a\":" + deep)).statusCode())
        .isEqualTo(400);
  }

  // As it comes from the wire, but for most of its 516 extensions.
  @Test
  void post_bodyOfEnvoy1dot40_read() throws Exception {
    String body = new String(resource("envoy-1.40-fetch.json"), UTF_8);

    assertThat(plane.ask(plane.asking(body)).statusCode()).isEqualTo(200);
    DiscoveryRequest request = plane.asked.take().request();
    assertThat(request.getNode().getId()).isEqualTo("web-1");
    assertThat(request.getNode().getMetadata().getFieldsMap())
        .containsOnlyKeys("extra", "disable_spiffe_cert_validation");
    assertThat(request.getNode().getExtensionsCount()).isEqualTo(2);
    assertThat(request.getResourceNamesList()).containsExactly("default");
    assertThat(request.getTypeUrl()).endsWith(".tls.v3.Secret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"resource_names\": [\"default\"], \"of_tomorrow\": {\"@type\": \"x/no.Such\", \"a\": 1}}",
        "{\"resourceNames\": [\"default\"], \"node\": {\"of_tomorrow\": [1]}}",
        "{\"resource_names\": [\"default\"], \"error_detail\": {\"details\": [{\"@type\": \"x/no.Such\"}]}}",
        "{\"resource_names\": [\"default\"], \"errorDetail\": {\"details\": [{\"@type\": \"x/no.Such\"}]}}"
      })
  void post_whatWeDoNotKnow_ignored(String body) throws Exception {
    assertThat(plane.ask(plane.asking(body)).statusCode()).isEqualTo(200);
    assertThat(plane.asked.take().request().getResourceNamesList()).containsExactly("default");
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void post_largestBody_readAndOneByteMoreRefused(HttpClient.Version version) throws Exception {
    String largest = ASK + " ".repeat(1024 * 1024 - ASK.length());

    assertThat(plane.ask(version, plane.asking(largest)).statusCode()).isEqualTo(200);
    assertRefused(
        plane.ask(version, plane.asking(largest + " ")),
        413,
        8,
        "body too large (expected: at most 1048576 bytes)");
    assertThat(plane.asked).hasSize(1);
  }

  // A token of 40 KiB is judged, as over gRPC; it is for the attestors to say that it is too long.
  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void post_longToken_evidence(HttpClient.Version version) throws Exception {
    String token = "a".repeat(40 * 1024);
    HttpRequest request =
        plane
            .request(PATH)
            .header("authorization", "Bearer " + token)
            .POST(BodyPublishers.ofString(ASK))
            .build();

    assertThat(plane.ask(version, request).statusCode()).isEqualTo(200);
    assertThat(plane.shown.take()).containsExactly(new BearerToken(token, ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PUT", "DELETE", "OPTIONS"})
  void request_otherMethod_405(String method) throws Exception {
    HttpRequest request = plane.request(PATH).method(method, BodyPublishers.ofString(ASK)).build();

    HttpResponse<String> answer = plane.ask(request);

    assertRefused(answer, 405, 12, "method not allowed (expected: POST)");
    assertThat(header(answer, "allow")).isEqualTo("POST");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/v3/discovery:secretsX",
        "/v3/discoveryXsecrets",
        "/v3/discovery:secrets/",
        "/v3/discovery:clusters",
        "/metrics"
      })
  void post_otherPath_404(String path) throws Exception {
    HttpRequest request = plane.request(path).POST(BodyPublishers.ofString(ASK)).build();

    assertRefused(plane.ask(request), 404, 5, "no such path (expected: /v3/discovery:secrets)");
  }

  @Test
  void handshake_servingCertificateRenewed_newOneAtTheNextConnection() throws Exception {
    SSLContext client = SecretsPlane.tls();
    assertThat(met(client)).isEqualTo(plane.serving.chain().getFirst());

    plane.serving = SecretsPlane.ROOT.server().serving();

    assertThat(met(client)).isEqualTo(plane.serving.chain().getFirst());
  }

  private X509Certificate met(SSLContext client) throws IOException {
    try (SSLSocket socket = connected(client, "TLSv1.3")) {
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  // DEV-8: a resumed session would not ask for the client's certificate again.
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void handshake_again_keyOfTheClientProvenAgain(String version) throws Exception {
    AtomicInteger proven = new AtomicInteger();
    SSLContext client = SecretsPlane.tls(SecretsPlane.key(proven));

    for (int connections = 1; connections <= 3; connections++) {
      try (SSLSocket socket = connected(client, version)) {
        socket.getOutputStream().write(GET);
        assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
            .startsWith("HTTP/1.1 404 ");
      }
      assertThat(proven).hasValue(connections);
    }
  }

  private static final byte[] GET =
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(UTF_8);

  private SSLSocket connected(SSLContext client, String version) throws IOException {
    var socket =
        (SSLSocket) client.getSocketFactory().createSocket("localhost", plane.server.port());
    socket.setEnabledProtocols(new String[] {version});
    socket.startHandshake();
    return socket;
  }

  @Test
  void connect_withoutTls_noHttp() throws Exception {
    try (var socket = new Socket("localhost", plane.server.port())) {
      socket.getOutputStream().write(GET);

      assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8)).doesNotContain("HTTP/");
    }
  }

  // Nobody waits for the secret any more.
  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void post_callerGoesAway_fetchCancelled(HttpClient.Version version) throws Exception {
    var pending = new CompletableFuture<DiscoveryResponse>();
    var ended = new CompletableFuture<Boolean>();
    var _ = pending.whenComplete((_, _) -> ended.complete(pending.isCancelled()));
    plane.answer = pending;
    try (var client = SecretsPlane.client(version)) {
      var asking = client.sendAsync(plane.asking(ASK), BodyHandlers.ofString());
      var _ = plane.asked.take();

      asking.cancel(true);

      assertThat(ended.get(30, SECONDS)).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void close_requestInFlight_answeredFirst(HttpClient.Version version) throws Exception {
    var pending = new CompletableFuture<DiscoveryResponse>();
    plane.answer = pending;
    try (var client = SecretsPlane.client(version)) {
      var asking = client.sendAsync(plane.asking(ASK), BodyHandlers.ofString());
      var _ = plane.asked.take();
      Thread closing = Thread.startVirtualThread(plane::close);
      awaitNoNewConnections();

      var _ = pending.complete(ANSWER);

      assertThat(asking.get(30, SECONDS).statusCode()).isEqualTo(200);
      assertThat(closing.join(Duration.ofSeconds(30))).isTrue();
    }
  }

  private void awaitNoNewConnections() throws IOException {
    try {
      while (true) {
        new Socket("localhost", plane.server.port()).close();
      }
    } catch (ConnectException refused) {
      // It has begun to close.
    }
  }

  // Whatever is logged, and by whom.
  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void post_everythingIsLogged_noPrivateKeyAndNoToken(HttpClient.Version version) throws Exception {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    try (var _ = new EveryLine(lines)) {
      assertThat(plane.ask(version, plane.asking(ASK)).statusCode()).isEqualTo(200);
      plane.answer = CompletableFuture.failedFuture(new IllegalStateException("a test's"));
      assertRefused(plane.ask(version, plane.asking(ASK)), 500, 13, "internal error");
    }

    String key = Base64.getEncoder().encodeToString(PRIVATE.getBytes(UTF_8));
    assertThat(lines)
        .anySatisfy(line -> assertThat(line).contains("ended without an outcome"))
        .noneSatisfy(line -> assertThat(line).contains(key))
        .noneSatisfy(line -> assertThat(line).contains(PRIVATE))
        .noneSatisfy(line -> assertThat(line).contains("Bearer good"));
  }

  /** Takes whatever anybody logs, in place of the console. */
  private static final class EveryLine extends AppenderBase<ILoggingEvent>
      implements AutoCloseable {
    private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    private final Level level = root.getLevel();
    private final List<Appender<ILoggingEvent>> others = new ArrayList<>();
    private final List<String> lines;

    EveryLine(List<String> lines) {
      this.lines = lines;
      root.iteratorForAppenders().forEachRemaining(others::add);
      others.forEach(root::detachAppender);
      root.setLevel(Level.TRACE);
      start();
      root.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      lines.add(
          event.getFormattedMessage() + ThrowableProxyUtil.asString(event.getThrowableProxy()));
    }

    @Override
    public void close() {
      var _ = root.detachAppender(this);
      root.setLevel(level);
      others.forEach(root::addAppender);
    }
  }

  @Test
  void start_portTaken_namedWithCause() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();

      assertThatThrownBy(() -> new SecretsPlane(Limits.none(), port))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot listen on localhost:" + port)
          .hasMessageContaining("Address already in use");
    }
  }

  private static void assertRefused(
      HttpResponse<String> answer, int status, int code, String message) throws IOException {
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(header(answer, "content-type")).isEqualTo("application/json");
    assertThat(header(answer, "signet-request-id")).matches("[0-9a-f]{16}");
    var expected = new ObjectMapper().createObjectNode().put("code", code).put("message", message);
    assertThat(json(answer)).isEqualTo(expected);
  }

  private static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse("none");
  }

  private static JsonNode json(HttpResponse<String> answer) throws IOException {
    return new ObjectMapper().readTree(answer.body());
  }

  private static byte[] resource(String name) throws IOException {
    try (var file = SecretsServerTest.class.getResourceAsStream(name)) {
      return file.readAllBytes();
    }
  }
}
