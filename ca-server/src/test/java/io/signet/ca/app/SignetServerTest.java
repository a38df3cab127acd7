package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.cli.StartException;
import io.signet.ca.config.SignetConfig;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Security;
import java.time.Clock;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class SignetServerTest {
  @TempDir Path folder;

  // A start puts it first; the tests after these are to run as those before.
  @AfterEach
  void removeProvider() {
    Security.removeProvider("AmazonCorrettoCryptoProvider");
  }

  @Test
  void start_dataDirUnderAFile_keyAndPathNamed() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> start("data-dir: file/data"))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "data-dir: %s/data: Not a directory (expected: a folder to write to, made if missing)"
                .formatted(file));
  }

  @Test
  void start_bundleFileInMissingFolder_keyAndPathNamed() {
    assertThatThrownBy(() -> start("data-dir: data\nsinks: { bundle-file: none/bundle.pem }"))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "sinks.bundle-file: %s/none/bundle.pem: no such folder".formatted(folder)
                + " (expected: a file in a folder to write to)");
  }

  @Test
  void start_passphraseGone_pathNamedWithReason() throws Exception {
    SignetConfig config = config("data-dir: data");
    Files.delete(folder.resolve("passphrase"));

    assertThatThrownBy(() -> SignetServer.start(config, Optional.empty(), Clock.systemUTC()))
        .isInstanceOf(StartException.class)
        .hasMessage(folder.resolve("passphrase") + ": no such file");
  }

  @Test
  void start_jwksFileOfNoUse_refusedByName() throws Exception {
    Path jwks = Files.writeString(folder.resolve("jwks.json"), "{}");

    assertThatThrownBy(
            () -> start("data-dir: data", "jwt: [ { issuer: i, jwks-file: jwks.json } ]"))
        .isInstanceOf(StartException.class)
        .hasMessage(jwks + ": jwks: not a JWK set (expected: RFC 7517, section 5)");
  }

  @Test
  void start_federatedBundleOfNoUse_refusedByName() throws Exception {
    Path bundle = Files.writeString(folder.resolve("other.pem"), "");

    assertThatThrownBy(() ->
            start(
                """
                data-dir: data
                federation: [ { trust-domain: other.org, bundle-file: other.pem } ]
                """))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "bundle of other.org: %s: no certificate (expected: at least one)".formatted(bundle));
  }

  // Others are served without that issuer, and all servers would miss it alike.
  @Test
  void start_issuerDown_startsAndReadinessNamesIt() throws Exception {
    String jwt = "jwt: [ { issuer: i, jwks-url: \"http://127.0.0.1:1/keys\" } ]";
    var server =
        SignetServer.start(config("data-dir: data", jwt), Optional.empty(), Clock.systemUTC());
    try (server;
        var http = HttpClient.newHttpClient()) {
      var ready = URI.create("http://" + server.listening().operator() + "/healthz/ready");
      var answer = http.send(HttpRequest.newBuilder(ready).build(), BodyHandlers.ofString());

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body()).contains("\"attestation.jwt\"", "\"blocking\":false");
    }
  }

  // KC-8: to everyone who can ask, so nothing secret is in it.
  @Test
  void start_filesWithKeys_statusOfTheRootsKey() throws Exception {
    var server = SignetServer.start(config("data-dir: data"), Optional.empty(), Clock.systemUTC());
    try (server;
        var http = HttpClient.newHttpClient()) {
      String operator = "http://" + server.listening().operator();
      var keys = HttpRequest.newBuilder(URI.create(operator + "/v1/keys")).build();
      var metrics = HttpRequest.newBuilder(URI.create(operator + "/metrics")).build();
      String said = http.send(keys, BodyHandlers.ofString()).body();

      assertThat(said)
          .contains("\"usable\":true,\"custodian\":\"file\"")
          .contains("\"where\":\"key folder " + folder.resolve("keys"))
          .containsPattern("\"root\":\\{\"label\":\"root-[^\"]+\",\"algorithm\":\"ec-p256\"\\}")
          .contains("\"issuing\":\"memory\"")
          .doesNotContain("correct horse", "problem", "last-error");
      assertThat(http.send(metrics, BodyHandlers.ofString()).body())
          .contains("signet_custodian_up 1.0\n")
          .containsPattern("signet_custodian_signature_seconds_count\\{custodian=\"file\"} [1-9]")
          .containsPattern(
              "signet_custodian_signature_seconds_count\\{custodian=\"memory\"} [1-9]");
    }
  }

  // SROT-2: nobody has to ask for it.
  @Test
  @Timeout(120)
  void start_rootNearItsEnd_isReplacedByItself() throws Exception {
    String soon =
        """
        data-dir: data
        authority: { root-lifetime: 365d }
        rotation: { start-before: 31535995s, deadline: 1s, window: 0s }
        """;
    var server = SignetServer.start(config(soon), Optional.empty(), Clock.systemUTC());
    try (server;
        var http = HttpClient.newHttpClient()) {
      var rotation = URI.create("http://" + server.listening().operator() + "/v1/rotation");
      String said = "";
      while (!said.contains("\"phase\":\"activated\"")) {
        said = http.send(HttpRequest.newBuilder(rotation).build(), BodyHandlers.ofString()).body();
      }
      assertThat(said).contains("the authority ends at ", "\"by\":\"signet\"");
    }
  }

  private void start(String more, String attestation) throws Exception {
    SignetServer.start(config(more, attestation), Optional.empty(), Clock.systemUTC()).close();
  }

  private void start(String more) throws Exception {
    start(more, "");
  }

  private SignetConfig config(String more) throws Exception {
    return config(more, "");
  }

  private SignetConfig config(String more, String attestation) throws Exception {
    Path passphrase = Files.writeString(folder.resolve("passphrase"), "correct horse");
    Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
    return SignetConfig.loadText(
        """
        trust-domain: example.org
        listen: { workload: "127.0.0.1:0", operator: "127.0.0.1:0" }
        serving-names: [localhost]
        keys:
          custodian: file
          file: { path: keys, passphrase-file: passphrase }
        attestation:
          unix: [ { uid: 1, id: "spiffe://example.org/a" } ]
          %s
        %s
        """
            .formatted(attestation, more),
        folder);
  }
}
