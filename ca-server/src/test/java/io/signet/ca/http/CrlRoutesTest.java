package io.signet.ca.http;

import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.revocation.AuthorityId;
import io.signet.ca.revocation.Crl;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.CrlSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.CrlTemplate.Entry;
import io.signet.ca.x509.Crls;
import io.signet.ca.x509.RevocationReason;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.Pem;
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
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class CrlRoutesTest {

  private final TestClock clock = new TestClock();
  private final HttpClient client = HttpClient.newHttpClient();
  private volatile Collection<Crl> crls = List.of();
  private OperatorServer server;
  private Authority root;

  @BeforeEach
  void start() throws Exception {
    var signer = new CertificateSigner(new FakeLedger(), Fixtures.serials(), clock);
    root = Fixtures.root(signer, new FakeKeyCustodian(), KeyAlgorithm.EC_P256);
    server =
        OperatorServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            List.of(new CrlRoutes(() -> crls, clock)));
  }

  @AfterEach
  void stop() {
    server.close();
    client.close();
  }

  @Test
  void list_none_empty() throws Exception {
    HttpResponse<byte[]> answer = get("/v1/crl");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer).path("crls")).isEmpty();
  }

  @Test
  void list_one_whatItIsAndWhereItStands() throws Exception {
    crls = List.of(crl(3, NOW.plus(Duration.ofDays(7))));

    JsonNode one = json(get("/v1/crl")).path("crls").path(0);

    assertThat(one.path("authority").asText()).isEqualTo(key());
    assertThat(one.path("number").asLong()).isEqualTo(3);
    assertThat(one.path("entries").asInt()).isOne();
    assertThat(one.path("next-update").asText()).isEqualTo("2026-11-30T12:00:00Z");
    assertThat(get(one.path("path").asText()).statusCode()).isEqualTo(200);
  }

  @Test
  void crl_der_asSignedAndCachedForAMoment() throws Exception {
    crls = List.of(crl(3, NOW.plus(Duration.ofDays(7))));

    HttpResponse<byte[]> answer = get("/v1/crl/" + key() + ".crl");

    assertThat(Crls.number(Crls.parse(answer.body()))).contains(3L);
    assertThat(header(answer, "content-type")).isEqualTo("application/pkix-crl");
    assertThat(header(answer, "etag")).isEqualTo("\"" + key() + "-3\"");
    assertThat(header(answer, "last-modified")).isEqualTo("Mon, 23 Nov 2026 12:00:00 GMT");
    // Another one follows at once when something is revoked.
    assertThat(header(answer, "cache-control")).isEqualTo("max-age=300");
  }

  @Test
  void crl_endsSoon_notCachedBeyondIt() throws Exception {
    crls = List.of(crl(3, NOW.plusSeconds(10)));

    assertThat(header(get("/v1/crl/" + key() + ".crl"), "cache-control")).isEqualTo("max-age=10");
    clock.advance(Duration.ofMinutes(1));
    assertThat(header(get("/v1/crl/" + key() + ".crl"), "cache-control")).isEqualTo("max-age=0");
  }

  @Test
  void crl_pem_theSame() throws Exception {
    crls = List.of(crl(3, NOW.plusSeconds(10)));

    HttpResponse<byte[]> answer = get("/v1/crl/" + key() + ".pem");

    assertThat(Pem.decode("X509 CRL", new String(answer.body(), StandardCharsets.US_ASCII)))
        .isEqualTo(crls.iterator().next().der());
  }

  @Test
  void crl_knownByItsTag_notSentAgain() throws Exception {
    crls = List.of(crl(3, NOW.plusSeconds(10)));
    String path = "/v1/crl/" + key() + ".crl";

    HttpResponse<byte[]> same = send(request(path).header("if-none-match", tag(3)).build());
    HttpResponse<byte[]> other = send(request(path).header("if-none-match", tag(2)).build());

    assertThat(same.statusCode()).isEqualTo(304);
    assertThat(same.body()).isEmpty();
    assertThat(other.statusCode()).isEqualTo(200);
  }

  @Test
  void crl_unknownKeyOrForm_notFound() throws Exception {
    assertThat(get("/v1/crl/" + "0".repeat(40) + ".crl").statusCode()).isEqualTo(404);
    assertThat(get("/v1/crl/nobody.crl").statusCode()).isEqualTo(404);
    assertThat(get("/v1/crl/" + key() + ".txt").statusCode()).isEqualTo(404);
  }

  @Test
  void crl_post_notAllowed() throws Exception {
    crls = List.of(crl(3, NOW.plusSeconds(10)));

    assertThat(
            send(request("/v1/crl/" + key() + ".crl").POST(BodyPublishers.noBody()).build())
                .statusCode())
        .isEqualTo(405);
  }

  @Test
  void crl_head_noBody() throws Exception {
    crls = List.of(crl(3, NOW.plusSeconds(10)));

    HttpResponse<byte[]> answer = send(request("/v1/crl/" + key() + ".crl").HEAD().build());

    assertThat(answer.body()).isEmpty();
    assertThat(header(answer, "content-length"))
        .isEqualTo(Integer.toString(crls.iterator().next().der().length));
  }

  private Crl crl(long number, Instant next) throws Exception {
    Entry entry = new Entry(SerialNumber.parse("7f"), NOW, RevocationReason.SUPERSEDED);
    return new Crl(
        AuthorityId.of(root.certificate()),
        root.certificate(),
        root.notAfter(),
        CrlSigner.sign(root, number, NOW, next, List.of(entry)));
  }

  private String key() {
    return AuthorityId.of(root.certificate()).hex();
  }

  private String tag(int number) {
    return "\"%s-%d\"".formatted(key(), number);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }

  private HttpResponse<byte[]> get(String path) throws Exception {
    return send(request(path).build());
  }

  private HttpResponse<byte[]> send(HttpRequest request) throws Exception {
    return client.send(request, BodyHandlers.ofByteArray());
  }

  private static String header(HttpResponse<byte[]> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }

  private static JsonNode json(HttpResponse<byte[]> answer) throws IOException {
    return new ObjectMapper().readTree(answer.body());
  }
}
