package io.signet.attestation.oidc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.signet.attestation.Loopback;
import io.signet.attestation.x509.Certified;
import io.signet.attestation.x509.Certified.Shape;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.GeneralName;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An issuer's documents over the network: what is taken, and what an evil or broken one can do. */
class KeysOverHttpTest {

  private static final Duration PLENTY = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final String DOCUMENT = "/.well-known/openid-configuration";
  private static final String JWKS = FakeIssuer.jwks(FakeIssuer.key("first"));
  private static final String WHITESPACE = " ".repeat(64 * 1024);

  @AutoClose private final FakeIssuer issuer = new FakeIssuer();

  @TempDir private Path folder;

  @Test
  void read_jwksUrl_theSet() throws IOException {
    issuer.answer("/keys", 200, JWKS);
    try (var keys = at(PLENTY)) {
      assertThat(keys.read()).isEqualTo(JWKS);
    }
    assertThat(issuer.asked()).containsExactly("/keys");
  }

  @Test
  void read_discovery_theSetThatTheDocumentNames() throws IOException {
    issuer.answer("/keys", 200, JWKS);
    try (var keys = discovered(issuer.url())) {
      assertThat(keys.read()).isEqualTo(JWKS);
    }
    assertThat(issuer.asked()).containsExactly(DOCUMENT, "/keys");
  }

  // OpenID Connect Discovery, section 4.1: a slash at the end of the issuer is not doubled.
  @Test
  void read_issuerWithPathAndSlash_documentBelowIt() throws IOException {
    String name = issuer.url() + "/tenants/a/";
    issuer.answer("/keys", 200, JWKS);
    issuer.answer(
        "/tenants/a" + DOCUMENT,
        200,
        "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}".formatted(name, issuer.jwksUrl()));
    try (var keys = discovered(name)) {
      assertThat(keys.read()).isEqualTo(JWKS);
    }
  }

  // OpenID Connect Discovery, section 4.3
  @Test
  void read_documentOfAnotherIssuer_refused() throws IOException {
    issuer.discovery("https://elsewhere", issuer.jwksUrl().toString());
    assertFails(
        discovered(issuer.url()), ": issuer https://elsewhere (expected: " + issuer.url() + ")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://elsewhere/keys", "file:///etc/passwd", "", "null", "::"})
  void read_documentWithOtherAddress_refusedUnasked(String jwksUri) throws IOException {
    issuer.discovery(issuer.url(), jwksUri);
    assertFails(discovered(issuer.url()), "jwks_uri: url: " + jwksUri);
    assertThat(issuer.asked()).containsExactly(DOCUMENT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<html>", "{\"issuer\":1}"})
  void read_noDiscoveryDocument_refused(String document) throws IOException {
    issuer.answer(DOCUMENT, 200, document);
    assertFails(discovered(issuer.url()), "no discovery document (expected: JSON)");
  }

  // The address that was configured is the one that is trusted.
  @Test
  void read_redirect_notFollowed() throws IOException {
    issuer.behave(
        "/keys",
        exchange -> {
          exchange.getResponseHeaders().set("Location", issuer.url() + "/other");
          exchange.sendResponseHeaders(302, -1);
        });
    issuer.answer("/other", 200, JWKS);

    assertFails(at(PLENTY), ": status 302 (expected: 200)");
    assertThat(issuer.asked()).containsExactly("/keys");
  }

  @Test
  void read_nobodyListens_namedWithReason() throws IOException {
    issuer.close();
    assertFails(at(PLENTY), issuer.jwksUrl() + ": ");
  }

  @Test
  void read_answerOfTheLargestSize_taken() throws IOException {
    issuer.answer("/keys", 200, WHITESPACE.repeat(4));
    try (var keys = at(PLENTY)) {
      assertThat(keys.read()).hasSize(256 * 1024);
    }
  }

  // It would go on for ever.
  @Test
  void read_answerWithoutEnd_refused() throws IOException {
    issuer.behave(
        "/keys",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          while (true) {
            exchange.getResponseBody().write(WHITESPACE.getBytes(UTF_8));
          }
        });
    assertFails(at(PLENTY), issuer.jwksUrl() + ": ");
  }

  @Test
  void read_issuerHangs_endsInTime() throws IOException {
    var never = new CountDownLatch(1);
    issuer.behave("/keys", _ -> never.await());
    assertFails(at(SHORT), issuer.jwksUrl() + ": ");
  }

  // Each byte in time, and the whole never: a limit for each read would not end it.
  @Test
  void read_answerTricklesIn_endsInTime() throws IOException {
    var never = new CountDownLatch(1);
    issuer.behave("/keys", exchange -> trickle(exchange, never));
    assertFails(at(SHORT), issuer.jwksUrl() + ": no whole answer within PT0.2S");
  }

  private static void trickle(HttpExchange exchange, CountDownLatch never)
      throws IOException, InterruptedException {
    exchange.sendResponseHeaders(200, 0);
    do {
      exchange.getResponseBody().write(' ');
      exchange.getResponseBody().flush();
    } while (!never.await(20, MILLISECONDS));
  }

  @Test
  void read_httpsWithTheGivenCa_taken() throws Exception {
    Certified ca = Certified.root("CA of the issuer");
    try (var https = https(ca);
        var keys = KeysOverHttp.at(https.jwksUrl(), Optional.of(caFile(ca)), PLENTY)) {
      https.answer("/keys", 200, JWKS);
      assertThat(keys.read()).isEqualTo(JWKS);
    }
  }

  @Test
  void read_httpsWithAnotherCa_refused() throws Exception {
    try (var https = https(Certified.root("CA of the issuer"))) {
      Path other = caFile(Certified.root("another CA"));
      assertFails(KeysOverHttp.at(https.jwksUrl(), Optional.of(other), PLENTY), "PKIX path");
      assertFails(KeysOverHttp.at(https.jwksUrl(), Optional.empty(), PLENTY), "PKIX path");
      assertThat(https.asked()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "no PEM", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"})
  void at_caFileOfNoUse_namedWithReason(String content) throws IOException {
    Path file = Files.writeString(folder.resolve("ca.pem"), content);
    assertThatThrownBy(() -> KeysOverHttp.at(issuer.jwksUrl(), Optional.of(file), PLENTY).close())
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageEndingWith("(expected: CA certificates)");
  }

  private KeysOverHttp at(Duration limit) throws IOException {
    return KeysOverHttp.at(issuer.jwksUrl(), Optional.empty(), limit);
  }

  private static KeysOverHttp discovered(String issuer) throws IOException {
    return KeysOverHttp.discovered(issuer, Optional.empty(), PLENTY);
  }

  private static void assertFails(KeysOverHttp keys, String message) {
    try (keys) {
      assertThatThrownBy(keys::read).isInstanceOf(IOException.class).hasMessageContaining(message);
    }
  }

  private Path caFile(Certified ca) throws IOException {
    return Files.writeString(folder.resolve("ca.pem"), Pem.encode(List.of(ca.certificate())));
  }

  private static FakeIssuer https(Certified ca) throws Exception {
    HttpsServer server = HttpsServer.create(Loopback.anyPort(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(serving(ca)));
    return new FakeIssuer(server, "https");
  }

  private static SSLContext serving(Certified ca) throws Exception {
    var address = new GeneralName(GeneralName.iPAddress, "127.0.0.1");
    Instant end = Instant.now().plus(PLENTY);
    Certified server = ca.sign(Shape.workload().withName(address).from(Instant.EPOCH).until(end));
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    char[] none = new char[0];
    store.setKeyEntry(
        "server", server.keys().getPrivate(), none, server.chain().toArray(Certificate[]::new));
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, none);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }
}
