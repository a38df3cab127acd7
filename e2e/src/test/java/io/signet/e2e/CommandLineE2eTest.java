package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Openssl;
import io.signet.e2e.peers.PeerProcess;
import io.signet.e2e.peers.Ports;
import io.signet.spiffe.X509Svid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands and files of Signet as a person meets them, against a running {@code dev}. */
@Tag("e2e")
final class CommandLineE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String CART = "spiffe://example.org/ns/shop/sa/cart";
  private static final String MYSELF =
      "spiffe://example.org/user/" + System.getProperty("user.name");

  @TempDir private static Path shared;
  @AutoClose private static SignetProcess signet;
  private static Path directory;
  private static Path token;

  @TempDir private Path folder;

  @BeforeAll
  static void launch() throws IOException {
    directory = shared.resolve("dev");
    signet = SignetProcess.dev(directory, "--svid-ttl", "20s");
    token = Files.writeString(shared.resolve("token"), signet.token("shop", "cart") + "\n");
  }

  @Test
  void dev_ready_everyListenerServes() throws IOException {
    try (var fresh = SignetProcess.dev(folder.resolve("fresh"))) {
      assertThat(fresh.get("/healthz/live").statusCode()).isEqualTo(200);
      assertThat(fresh.get("/healthz/ready").statusCode()).isEqualTo(200);
      try (var unix = CsrClient.unix(fresh.socket());
          var tls = fresh.client().bearing(fresh.token("shop", "cart"))) {
        Csr csr = Csr.create(folder);
        assertThat(unix.sign(csr).uris()).containsExactly(MYSELF);
        assertThat(tls.sign(csr).uris()).containsExactly(CART);
      }
      assertThat(fresh.log().lines().filter(line -> line.startsWith("ready"))).hasSize(1);
    }
  }

  // P11-7, P11-8: a PIN or passphrase that is written down nowhere; it is not shown either.
  @Test
  void bench_passphraseAtThePrompt_askedForAndNotShown() throws IOException {
    var server = ServerFolder.create(folder.resolve("server"));
    server.configure("keys: { custodian: file, file: { path: keys, passphrase: prompt } }\n");
    String terminal =
        """
        import os, pty, sys
        child, terminal = pty.fork()
        if child == 0:
            os.execvp(sys.argv[1], sys.argv[1:])
        shown = b""
        while b"ec-p256" not in shown:
            shown += os.read(terminal, 1024)
            if shown.endswith(b"keys.file.passphrase: "):
                os.write(terminal, b"correct horse battery staple\\n")
        print(shown.decode())
        """;
    List<String> command = new ArrayList<>(List.of("python3", "-c", terminal));
    command.addAll(
        SignetProcess.program(
            List.of(
                "keys",
                "bench",
                "--config",
                server.config().toString(),
                "--duration",
                "1s",
                "--callers",
                "1")));

    assertThat(Command.run(command))
        .contains("keys.file.passphrase: ", "ec-p256, callers")
        .doesNotContain("correct horse");
  }

  // KC-7
  @Test
  void bench_interrupted_noKeyIsLeft() throws IOException {
    var server = ServerFolder.create(folder.resolve("server"));
    // A shell in the background has its children ignore it.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
    command.addAll(
        SignetProcess.program(
            List.of("keys", "bench", "--config", server.config().toString(), "--duration", "1h")));
    Path keys = server.path().resolve("keys");
    try (var bench = PeerProcess.start("bench", folder, Map.of(), command)) {
      bench.awaitReady(SOON, () -> hasBenchKey(keys));

      bench.interrupt();

      assertThat(bench.awaitExit(SOON)).isEqualTo(128 + 2);
      assertThat(bench.log()).doesNotContain("bug");
    }
    assertThat(hasBenchKey(keys)).isFalse();
  }

  private static boolean hasBenchKey(Path keys) throws IOException {
    if (!Files.exists(keys)) {
      return false;
    }
    try (Stream<Path> files = Files.list(keys)) {
      return files.anyMatch(file -> file.getFileName().toString().matches("bench-\\d+\\.key"));
    }
  }

  @Test
  void dev_secondStart_sameKeys() throws IOException {
    try (var again = SignetProcess.dev(folder.resolve("again"))) {
      byte[] roots = Files.readAllBytes(again.bundle());
      String before = again.token("shop", "cart");
      again.stop();
      again.start();
      assertThat(Files.readAllBytes(again.bundle())).isEqualTo(roots);
      try (var client = again.client().bearing(before)) {
        assertThat(client.sign(Csr.create(folder)).uris()).containsExactly(CART);
      }
    }
  }

  @Test
  void dev_configuration_servesTheSameRootByServe() throws IOException {
    try (var dev = SignetProcess.dev(folder.resolve("plain"))) {
      byte[] roots = Files.readAllBytes(dev.bundle());
      dev.stop();
      try (var served = SignetProcess.serve(folder.resolve("plain/config.yaml"))) {
        assertThat(Files.readAllBytes(served.bundle())).isEqualTo(roots);
      }
    }
  }

  @Test
  void dev_files_closedToOthers() throws IOException {
    assertThat(modeOf(directory)).isEqualTo("rwx------");
    assertThat(modeOf(directory.resolve("admin.token"))).isEqualTo("rw-------");
    assertThat(List.of("config.yaml", "trust-bundle.pem", "sds.sock", "envoy.yaml"))
        .allSatisfy(name -> assertThat(directory.resolve(name)).exists());
    done("config", "check", directory.resolve("config.yaml").toString());
  }

  @Test
  void envoyYaml_ofDev_validatesAndServesMutualTls() throws Exception {
    Path bootstrap = directory.resolve("envoy.yaml");
    var validated = Envoy.validate(bootstrap);
    assertThat(validated.exit()).as(validated.errors()).isZero();
    int port = Ports.free();
    String config = Files.readString(bootstrap).replace("10443", String.valueOf(port));
    try (var envoy = Envoy.start(config)) {
      envoy.awaitReady();
      // Only now, for it does not live long here.
      done("svid", "fetch", "--sds", "unix:" + signet.socket(), "--out", folder.toString());
      assertThat(MutualTls.of(folder).get(port)).contains("hello from example.org");
    }
  }

  @Test
  void svidFetch_overSocket_callersOwnSecretsAndBundle() throws IOException {
    String out = folder.toString();
    assertThat(done("svid", "fetch", "--sds", "unix:" + signet.socket(), "--out", out))
        .contains("default", "ROOTCA", MYSELF);
    assertThat(modeOf(folder.resolve("svid.key"))).isEqualTo("rw-------");
    assertThat(folder.resolve("bundle.pem")).hasSameTextualContentAs(signet.bundle());
    assertThat(folder.resolve("svid.pem")).isNotEmptyFile();
  }

  @Test
  void svidFetch_overTls_secretsOfTheToken() throws IOException {
    assertThat(done(overTls("fetch", "--output", "json"))).contains("\"" + CART + "\"");
  }

  // SC-7: each push is told, the first one and the renewals.
  @Test
  void svidWatch_renewal_isTold() throws IOException {
    var serial = Pattern.compile("(?m)^default +" + CART + " +([0-9a-f]+)");
    List<String> command = SignetProcess.program(List.of(overTls("watch")));
    try (var watch = PeerProcess.start("watch", folder, Map.of(), command)) {
      Await.until(
          "two renewals",
          SOON,
          () ->
              serial.matcher(watch.log()).results().map(found -> found.group(1)).distinct().count()
                  >= 3);
    }
  }

  @Test
  void svidSign_withToken_chainLeafFirst() throws IOException {
    Path chain = Files.writeString(folder.resolve("chain.pem"), sign(token).output());
    Openssl.run(
        "verify",
        "-CAfile",
        signet.bundle().toString(),
        "-untrusted",
        chain.toString(),
        chain.toString());
    assertThat(Openssl.run("x509", "-noout", "-ext", "subjectAltName", "-in", chain.toString()))
        .contains("URI:" + CART);
  }

  // ISTIO-44, ISTIO-91: renewal with what it has.
  @Test
  void svidSign_withItsSvid_renewed() throws IOException {
    Csr csr = Csr.create(folder);
    Path chain =
        Files.writeString(
            folder.resolve("chain.pem"), sign(csr, "--token-file", token.toString()).output());
    var renewed = sign(csr, "--cert", chain.toString(), "--key", csr.key().toString());
    assertThat(renewed.exit()).as(renewed.errors()).isZero();
    var renewedSvid = X509Svid.parsePem(renewed.output());
    assertThat(renewedSvid.id()).hasToString(CART);
    assertThat(renewedSvid.serial())
        .isNotEqualTo(X509Svid.parsePem(Files.readString(chain)).serial());
  }

  @Test
  void svidSign_wrongToken_refused() throws IOException {
    Path wrong = Files.writeString(folder.resolve("wrong"), "no-token");
    var refused = sign(wrong);
    assertThat(refused.exit()).isEqualTo(1);
    assertThat(refused.output()).isEmpty();
    assertThat(refused.errors()).contains("UNAUTHENTICATED").doesNotContain("\tat ");
  }

  // ISTIO-75
  @ParameterizedTest
  @ValueSource(
      strings = {
        "citadel_server_csr_count",
        "citadel_server_authentication_failure_count",
        "citadel_server_csr_parsing_err_count",
        "citadel_server_id_extraction_err_count",
        "citadel_server_success_cert_issuance_count",
        "citadel_server_root_cert_expiry_timestamp",
        "citadel_server_root_cert_expiry_seconds",
        "citadel_server_cert_chain_expiry_timestamp",
        "citadel_server_cert_chain_expiry_seconds"
      })
  void metrics_namesOfIstio_areThere(String name) throws IOException {
    assertThat(signet.get("/metrics").body()).containsPattern("(?m)^" + name + "[ {]");
  }

  // Where they load, as on Linux on x86-64, native libraries do what costs most; both places say
  // so.
  @ParameterizedTest
  @CsvSource({
    "signatures, AmazonCorrettoCryptoProvider, signatures by provider AmazonCorrettoCryptoProvider",
    "tls, BoringSSL, TLS by BoringSSL"
  })
  void start_whereNativeLibrariesLoad_theyAreUsed(String of, String provider, String logged)
      throws IOException {
    assertThat(signet.get("/metrics").body())
        .contains("signet_crypto_provider{of=\"" + of + "\",provider=\"" + provider);
    assertThat(signet.log()).contains(logged);
  }

  @Test
  void metrics_afterIssuance_areCounted() throws IOException {
    assertThat(sign(token).exit()).isZero();
    assertThat(signet.get("/metrics").body())
        .containsPattern("(?m)^citadel_server_success_cert_issuance_count [1-9]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "--version",
        "dev --help",
        "dev token --help",
        "serve --help",
        "config check --help",
        "svid fetch --help",
        "svid watch --help",
        "svid sign --help"
      })
  void exitCode_help_isZero(String arguments) throws IOException {
    assertThat(done(arguments.split(" ", -1))).isNotBlank();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sevre", "serve", "dev --svid-tl 1h", "dev token shop", "svid sign"})
  void exitCode_wrongUsage_isTwo(String arguments) throws IOException {
    var result = SignetProcess.command(arguments.split(" ", -1));
    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.errors()).isNotBlank().doesNotContain("\tat ");
    assertThat(result.output()).isEmpty();
  }

  private Command.Result sign(Path tokenFile) throws IOException {
    return sign(Csr.create(folder), "--token-file", tokenFile.toString());
  }

  private Command.Result sign(Csr csr, String... credential) throws IOException {
    var all =
        List.of(
            "svid",
            "sign",
            "--csr",
            Files.writeString(folder.resolve("csr.pem"), csr.pem()).toString(),
            "--address",
            "localhost:" + signet.workloadPort(),
            "--ca-file",
            signet.bundle().toString());
    return SignetProcess.command(
        Stream.concat(all.stream(), Stream.of(credential)).toArray(String[]::new));
  }

  private static String[] overTls(String command, String... more) {
    var address = "localhost:" + signet.workloadPort();
    var all =
        List.of(
            "svid",
            command,
            "--sds",
            address,
            "--ca-file",
            signet.bundle().toString(),
            "--token-file",
            token.toString());
    return Stream.concat(all.stream(), Stream.of(more)).toArray(String[]::new);
  }

  private static String done(String... arguments) throws IOException {
    var result = SignetProcess.command(arguments);
    assertThat(result.exit()).as(result.errors()).isZero();
    return result.output();
  }

  private static String modeOf(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
