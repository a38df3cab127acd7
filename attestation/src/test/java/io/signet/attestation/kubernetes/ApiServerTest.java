package io.signet.attestation.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.signet.attestation.Loopback;
import io.signet.attestation.TestClock;
import io.signet.attestation.kubernetes.TokenReviews.Failed;
import io.signet.attestation.kubernetes.TokenReviews.Review;
import io.signet.attestation.kubernetes.TokenReviews.Reviewed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How we reach an API server and are known to it, seen from that server. */
class ApiServerTest {

  private static final String PASSWORD = "password";

  @TempDir static Path keys;
  private static Path serverKeys;
  private static Path otherKeys;

  private final TestClock clock = new TestClock(Instant.parse("2026-11-23T12:00:00Z"));
  @TempDir Path directory;
  private final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeAll
  static void makeKeys() throws Exception {
    serverKeys = selfSigned("server");
    otherKeys = selfSigned("other");
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void kubeconfig_caOfTheServer_trusted() throws Exception {
    Path kubeconfig = kubeconfig(https(), "certificate-authority-data: " + ca(serverKeys), "");
    assertThat(review(kubeconfig)).isInstanceOf(Reviewed.class);
  }

  // fabric8 alone would trust all that the JVM trusts besides the configured CA.
  @Test
  void kubeconfig_caOfAnother_notTrustedThoughTheJvmTrustsTheServer() throws Exception {
    Path kubeconfig = kubeconfig(https(), "certificate-authority-data: " + ca(otherKeys), "");
    System.setProperty("javax.net.ssl.trustStore", serverKeys.toString());
    System.setProperty("javax.net.ssl.trustStorePassword", PASSWORD);
    try {
      assertThat(review(kubeconfig))
          .asInstanceOf(type(Failed.class))
          .satisfies(failed -> assertThat(failed.detail()).contains("https://127", "certif"));
    } finally {
      System.clearProperty("javax.net.ssl.trustStore");
      System.clearProperty("javax.net.ssl.trustStorePassword");
    }
  }

  @Test
  void pod_accountDirectory_usedAndItsTokenFollowed() throws Exception {
    FakeApiServer api = https();
    Path account = Files.createDirectory(directory.resolve("account"));
    Files.writeString(account.resolve("ca.crt"), pem(serverKeys));
    Files.writeString(account.resolve("token"), "first\n");
    var environment =
        Map.of(
            "KUBERNETES_SERVICE_HOST",
            "127.0.0.1",
            "KUBERNETES_SERVICE_PORT",
            String.valueOf(api.port()));

    try (var client = client(ApiServer.ofPod(environment, account))) {
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
      Files.writeString(account.resolve("token"), "second\n");
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
      clock.advance(Duration.ofMinutes(1));
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
    }
    assertThat(api.seen())
        .extracting(FakeApiServer.Seen::authorization)
        .containsExactly("Bearer first", "Bearer first", "Bearer second");
  }

  @Test
  void pod_ipv6_bracketed() throws Exception {
    var environment =
        Map.of("KUBERNETES_SERVICE_HOST", "fd00::1", "KUBERNETES_SERVICE_PORT", "443");
    assertThat(ApiServer.ofPod(environment, directory).url()).hasToString("https://[fd00::1]:443/");
  }

  @Test
  void pod_notInAPod_refused() {
    assertThatThrownBy(() -> ApiServer.ofPod(Map.of(), directory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("KUBERNETES_SERVICE_HOST");
  }

  @Test
  void kubeconfig_tokenFile_followedAndKeptWhenGone() throws Exception {
    Path token = Files.writeString(directory.resolve("token"), "first");
    FakeApiServer api = http();
    Path kubeconfig = api.kubeconfig(directory, "tokenFile: token, token: overridden");

    try (var client = client(ApiServer.of(Optional.of(kubeconfig)))) {
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
      Files.writeString(token, "second");
      clock.advance(Duration.ofMinutes(1));
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
      Files.delete(token);
      clock.advance(Duration.ofMinutes(1));
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
    }
    assertThat(api.seen())
        .extracting(FakeApiServer.Seen::authorization)
        .containsExactly("Bearer first", "Bearer second", "Bearer second");
  }

  @Test
  void kubeconfig_tokenReplaced_followed() throws Exception {
    FakeApiServer api = http();
    Path kubeconfig = api.kubeconfig(directory, "token: first");

    try (var client = client(ApiServer.of(Optional.of(kubeconfig)))) {
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
      assertThat(api.kubeconfig(directory, "token: second")).isEqualTo(kubeconfig);
      clock.advance(Duration.ofMinutes(1));
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
    }
    assertThat(api.seen())
        .extracting(FakeApiServer.Seen::authorization)
        .containsExactly("Bearer first", "Bearer second");
  }

  // Otherwise it would be kept until the clock is where it was, and expire before.
  @Test
  void kubeconfig_clockSetBack_tokenFollowed() throws Exception {
    FakeApiServer api = http();
    Path kubeconfig = api.kubeconfig(directory, "token: first");

    try (var client = client(ApiServer.of(Optional.of(kubeconfig)))) {
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
      assertThat(api.kubeconfig(directory, "token: second")).isEqualTo(kubeconfig);
      clock.advance(Duration.ofHours(-1));
      assertThat(client.review("a.b.c")).isInstanceOf(Reviewed.class);
    }
    assertThat(api.seen())
        .extracting(FakeApiServer.Seen::authorization)
        .containsExactly("Bearer first", "Bearer second");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "https://k:6443 | insecure-skip-tls-verify: true         | insecure-skip-tls-verify",
        "http://k:8080  | proxy-url: ''                          | https, or http on this machine",
        "https://k:6443 | certificate-authority: missing.crt     | our own credentials",
        "https://k:6443 | certificate-authority-data: bm9uZQ==   | certificate",
      })
  void kubeconfig_unsafeOrUnusable_refused(String url, String line, String message) {
    Path kubeconfig = FakeApiServer.kubeconfig(directory, url + "\", " + line + ", x: \"", "");
    assertThatThrownBy(() -> review(kubeconfig))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void kubeconfig_missingOrNone_refused() throws Exception {
    Path file = directory.resolve("config");
    assertThatThrownBy(() -> review(file)).hasMessageContaining("not readable");
    for (String text : List.of("", "{}", "current-context: x", "[", "secret-text", "[a, b]")) {
      Files.writeString(file, text);
      assertThatThrownBy(() -> review(file))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("kubeconfig " + file)
          .hasMessageNotContaining("secret-text");
    }
  }

  @Test
  void kubeconfig_tokenFileMissing_refused() {
    Path kubeconfig = http().kubeconfig(directory, "tokenFile: nowhere");
    assertThatThrownBy(() -> review(kubeconfig))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("our own credentials", "nowhere");
  }

  private Review review(Path kubeconfig) {
    try (var client = client(ApiServer.of(Optional.of(kubeconfig)))) {
      return client.review("a.b.c");
    }
  }

  private TokenReviews client(ApiServer api) {
    Duration ample = Duration.ofSeconds(30);
    var client = new ApiClient(api, ample, clock);
    opened.add(client);
    var none = new CallLimit(1, 0, OptionalInt.empty(), System::nanoTime);
    return new TokenReviews(client, "istio-ca", none, ample, System::nanoTime);
  }

  private FakeApiServer http() {
    return started(new FakeApiServer());
  }

  private FakeApiServer https() throws Exception {
    HttpsServer https = HttpsServer.create(Loopback.anyPort(), 0);
    KeyManagerFactory keyManagers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keyManagers.init(load(serverKeys), PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), null, null);
    https.setHttpsConfigurator(new HttpsConfigurator(context));
    return started(new FakeApiServer(https));
  }

  private FakeApiServer started(FakeApiServer api) {
    api.answer(201, Reviews.good());
    opened.add(api);
    return api;
  }

  private Path kubeconfig(FakeApiServer api, String cluster, String user) {
    return FakeApiServer.kubeconfig(
        directory, "https://127.0.0.1:" + api.port() + "\", " + cluster + ", x: \"", user);
  }

  private static String ca(Path store) throws Exception {
    return Base64.getEncoder().encodeToString(pem(store).getBytes(StandardCharsets.US_ASCII));
  }

  private static String pem(Path store) throws Exception {
    byte[] der = load(store).getCertificate("key").getEncoded();
    return "-----BEGIN CERTIFICATE-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END CERTIFICATE-----\n";
  }

  private static KeyStore load(Path store) throws GeneralSecurityException, IOException {
    KeyStore keyStore = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keyStore.load(in, PASSWORD.toCharArray());
    }
    return keyStore;
  }

  /** The JDK can make a certificate only through its own tool. */
  private static Path selfSigned(String name) throws Exception {
    Path store = keys.resolve(name + ".p12");
    Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    var command =
        List.of(
            keytool.toString(),
            "-genkeypair",
            "-alias",
            "key",
            "-dname",
            "CN=" + name,
            "-keyalg",
            "EC",
            "-groupname",
            "secp256r1",
            "-ext",
            "san=ip:127.0.0.1",
            "-storetype",
            "PKCS12",
            "-keystore",
            store.toString(),
            "-storepass",
            PASSWORD);
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).as("exit code of keytool").isZero();
    return store;
  }
}
