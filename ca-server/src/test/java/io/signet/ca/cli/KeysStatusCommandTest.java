package io.signet.ca.cli;

import static io.signet.ca.cli.Ran.signet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** KC-8: what a running server says of its keys, for a person and for a script. */
class KeysStatusCommandTest {

  private static final String WELL =
      """
      {"usable":true,"custodian":"file","where":"key folder /keys",\
      "root":{"label":"root-1","algorithm":"ec-p256"},"seen":"2026-11-23T12:00:00Z",\
      "issuing":"memory","losses":0,"recoveries":0}\
      """;
  private static final String IN_TROUBLE =
      """
      {"usable":false,"custodian":"vault","where":"transit of https://vault:8200",\
      "root":{"label":"root-1","algorithm":"ec-p256"},"seen":"2026-11-23T12:00:00Z",\
      "problem":{"at":"2026-11-23T12:00:10Z","fault":"busy","why":"sealed\\nin maintenance",\
      "check":"whether it is sealed"},"issuing":"custodian",\
      "calls":{"permits":4,"free":1,"waiting":2,"given-up":3},\
      "lease":{"ends":"2026-11-23T13:00:00Z","left-seconds":3590},"losses":2,"recoveries":1,\
      "last-error":{"at":"2026-11-23T12:00:10Z","fault":"busy","why":"sealed",\
      "check":"whether it is sealed"}}\
      """;

  @TempDir Path folder;
  private HttpServer server;
  private volatile int status = 200;
  private volatile String answer = WELL;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/keys",
        exchange -> {
          byte[] body = answer.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/"})
  void status_usable_tableAndSuccess(String end) {
    Ran ran = signet("keys", "status", "--operator", address() + end);

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out())
        .isEqualTo(
            """
            root key      root-1 (ec-p256)
            usable        yes
            custodian     file, key folder /keys
            last seen     2026-11-23T12:00:00Z
            issuing keys  memory
            connection    lost 0, recovered 0
            """);
  }

  // A failure for scripts, and all the same the whole of it for who looks.
  @Test
  void status_notUsable_whatIsWrongAndFailure() {
    answer = IN_TROUBLE;

    Ran ran = signet("keys", "status", "--operator", address());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.out())
        .isEqualTo(
            """
            root key      root-1 (ec-p256)
            usable        no
            custodian     vault, transit of https://vault:8200
            last seen     2026-11-23T12:00:00Z
            problem       2026-11-23T12:00:10Z, BUSY: sealed in maintenance
              check       whether it is sealed
            issuing keys  custodian
            calls         1 of 4 permits free, 2 waiting, 3 given up
            lease         ends 2026-11-23T13:00:00Z, in 3590 s
            connection    lost 2, recovered 1
            last error    2026-11-23T12:00:10Z, BUSY: sealed
              check       whether it is sealed
            """);
    assertThat(ran.err()).isEmpty();
  }

  @Test
  void status_json_asTheServerSaysIt() throws Exception {
    answer = IN_TROUBLE;

    Ran ran = signet("keys", "status", "--operator", address(), "--output", "json");

    assertThat(ran.exit()).isEqualTo(1);
    var mapper = new ObjectMapper();
    assertThat(mapper.readTree(ran.out())).isEqualTo(mapper.readTree(IN_TROUBLE));
    assertThat(ran.out().lines()).hasSize(1);
  }

  @Test
  void status_dirOfADevServer_foundByItsConfiguration() throws Exception {
    writeConfig(server.getAddress().getPort());

    Ran ran = signet("keys", "status", "--dir", folder.toString());

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("root-1 (ec-p256)");
  }

  @Test
  void status_dirWithPortOfTheSystem_refusedAndTheWayOutNamed() throws Exception {
    writeConfig(0);

    Ran ran = signet("keys", "status", "--dir", folder.toString());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains(folder + "/config.yaml: operator port 0", "--operator");
  }

  @Test
  void status_noDevFolder_refusedAndTheWayOutNamed() {
    Ran ran = signet("keys", "status", "--dir", folder.resolve("none").toString());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err())
        .contains(folder.resolve("none/config.yaml") + ": no such file", "--operator URL");
  }

  @Test
  void status_nobodyServes_addressNamed() {
    server.stop(0);

    Ran ran = signet("keys", "status", "--operator", address());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).startsWith("signet: " + address() + ": no answer: ");
  }

  @Test
  void status_notASignetServer_addressNamed() {
    status = 404;
    Ran missing = signet("keys", "status", "--operator", address());
    status = 200;
    answer = "<html>";
    Ran page = signet("keys", "status", "--operator", address());

    assertThat(missing.exit()).isEqualTo(1);
    assertThat(missing.err()).contains(address() + ": status 404 for /v1/keys (expected: ");
    assertThat(page.exit()).isEqualTo(1);
    assertThat(page.err()).contains(address() + ": no JSON for /v1/keys (expected: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:8080", "ftp://host", "http:///path", "://"})
  void status_noUrl_usage(String url) {
    Ran ran = signet("keys", "status", "--operator", url);

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("--operator");
  }

  @Test
  void status_dirAndOperator_usage() {
    Ran ran = signet("keys", "status", "--operator", address(), "--dir", folder.toString());

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("mutually exclusive");
  }

  private void writeConfig(int port) throws IOException {
    Files.writeString(
        folder.resolve("config.yaml"),
        """
        trust-domain: example.org
        listen: { operator: "127.0.0.1:%d" }
        serving-names: [localhost]
        keys: { custodian: file, file: { path: keys, passphrase-file: passphrase } }
        attestation:
          unix: [ { uid: 1, id: "spiffe://example.org/a" } ]
        """
            .formatted(port));
  }
}
