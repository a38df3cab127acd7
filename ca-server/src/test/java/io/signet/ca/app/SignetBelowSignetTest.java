package io.signet.ca.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.oidc.JwtIssuer;
import io.signet.ca.cli.StartException;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.FakeTimer;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.ca.testing.UnixChannel;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import io.signet.spiffe.Pem;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.X509Svid;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Security;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two whole servers: the one above has the root, the one below signs for its own workloads. */
@Timeout(120)
final class SignetBelowSignetTest {

  private static final Clock REAL = Clock.systemUTC();
  private static final Duration LIFE = Duration.ofMinutes(20); // of an issuing authority

  @TempDir private Path folder;
  private final TestClock clock = new TestClock(); // of the one below; TLS goes by the real one
  private final FakeTimer timer = new FakeTimer(clock);
  @AutoClose private final HttpClient http = HttpClient.newHttpClient();
  private final int port = freePort();
  private final int operator = freePort();

  @BeforeEach
  void prepare() throws Exception {
    clock.set(REAL.instant());
    Path passphrase = Files.writeString(folder.resolve("passphrase"), "correct horse");
    Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
    try (var custodian = new FakeKeyCustodian()) {
      KeyHandle key = custodian.generate(new KeyLabel("issuer"), KeyAlgorithm.EC_P256);
      Files.writeString(folder.resolve("jwks.json"), JwtIssuer.jwks(key.publicKey(), "k"));
      writeToken("east", key);
      writeToken("west", key);
    }
  }

  private void writeToken(String account, KeyHandle key) throws Exception {
    String token =
        new JwtIssuer("test", "istio-ca", "k", REAL)
            .issue(new ServiceAccountName("signet", account), Duration.ofHours(1), key::sign);
    Files.writeString(folder.resolve(account), token);
  }

  // A start puts it first; the tests after these are to run as those before.
  @AfterEach
  void removeProvider() {
    Security.removeProvider("AmazonCorrettoCryptoProvider");
  }

  @Test
  void sign_below_leadsToTheRootAbove() throws Exception {
    try (var _ = above();
        var lower = below("east")) {
      X509Svid svid = signed(lower);

      assertThat(svid.id()).isEqualTo(Fixtures.CART);
      assertThat(svid.chain()).hasSize(2);
      svid.verify(roots(), clock.instant());
      assertThat(readiness()).doesNotContain("blocking\":true");
    }
  }

  // What is renewed while the one above is away is renewed when it is there again.
  @Test
  void sign_upperAway_lowerGoesOnAndIsRenewedLater() throws Exception {
    SignetServer upper = above();
    try (var lower = below("east")) {
      X509Svid before = signed(lower);
      upper.close();

      timer.advance(LIFE.dividedBy(2));
      X509Svid meanwhile = signed(lower);
      assertThat(meanwhile.chain().getLast()).isEqualTo(before.chain().getLast());
      meanwhile.verify(roots(), clock.instant());

      upper = above();
      timer.advance(Duration.ofMinutes(1));
      X509Svid after = signed(lower);
      assertThat(after.chain().getLast()).isNotEqualTo(before.chain().getLast());
      after.verify(roots(), clock.instant());
    } finally {
      upper.close();
    }
  }

  @Test
  void start_upperAway_waitsUnreadyAndComesUpWithIt() throws Exception {
    above().close(); // its roots are known
    var started = new CompletableFuture<SignetServer>();
    var _ =
        Thread.startVirtualThread(() -> {
          try {
            started.complete(below("east"));
          } catch (Exception e) {
            started.completeExceptionally(e);
          }
        });
    while (!readiness().contains("authority.signet: 127.0.0.1:" + port + ": UNAVAILABLE")) {
      Thread.onSpinWait();
    }
    assertThat(started).isNotDone();

    try (var _ = above();
        var lower = started.get(60, SECONDS)) {
      signed(lower).verify(roots(), clock.instant());
    }
  }

  // To wait would not help.
  @Test
  void start_notEntitledAbove_endsAndSaysWhatToCheck() throws Exception {
    try (var _ = above()) {
      assertThatThrownBy(() -> below("west"))
          .isInstanceOf(StartException.class)
          .hasMessageContaining("127.0.0.1:" + port + ": PERMISSION_DENIED")
          .hasMessageContaining("check issuing-authority there");
    }
  }

  private SignetServer above() throws Exception {
    return SignetServer.start(
        config(
            """
            listen: { workload: "127.0.0.1:%d", operator: "127.0.0.1:0" }
            serving-names: [127.0.0.1]
            keys: { custodian: file, file: { path: keys, passphrase-file: passphrase } }
            attestation:
              jwt: [ { issuer: test, jwks-file: jwks.json } ]
            entitlements:
            - caller: spiffe://example.org/ns/signet/sa/east
              may-hold: []
              issuing-authority: on
            sinks: { bundle-file: roots.pem }
            data-dir: upper
            """
                .formatted(port)),
        Optional.empty(),
        REAL);
  }

  private SignetServer below(String account) throws Exception {
    return SignetServer.start(
        config(
            """
            listen: { workload: "127.0.0.1:0", operator: "127.0.0.1:%d", sds-socket: lower.sock }
            serving-names: [localhost]
            keys: { custodian: memory }
            authority:
              root: signet
              roots-file: roots.pem
              signet: { address: "127.0.0.1:%d", token-file: %s }
              issuing-lifetime: 20m
            svid: { default-lifetime: 5m, max-lifetime: 10m }
            attestation:
              unix: [ { uid: %s, id: "%s" } ]
            data-dir: lower
            """
                .formatted(
                    operator,
                    port,
                    account,
                    Files.getAttribute(folder, "unix:uid"),
                    Fixtures.CART)),
        clock,
        timer);
  }

  private SignetConfig config(String sections) throws Exception {
    return SignetConfig.loadText("trust-domain: example.org\n" + sections, folder);
  }

  private static X509Svid signed(SignetServer server) {
    var request =
        IstioCertificateRequest.newBuilder()
            .setCsr(Pem.encode("CERTIFICATE REQUEST", Fixtures.CSR))
            .build();
    try (var caller = UnixChannel.to(server.listening().sdsSocket().orElseThrow(), "localhost")) {
      var chain =
          IstioCertificateServiceGrpc.newBlockingStub(caller.channel())
              .createCertificate(request)
              .getCertChainList();
      return X509Svid.parsePem(String.join("", chain.subList(0, chain.size() - 1)));
    }
  }

  private TrustBundle roots() throws IOException {
    return new TrustBundle(
        Fixtures.DOMAIN,
        1,
        Pem.certificates(Files.readString(folder.resolve("roots.pem"), US_ASCII)),
        Optional.empty());
  }

  // Until it listens nobody is there, which is no answer yet.
  private String readiness() throws InterruptedException {
    try {
      var ready = URI.create("http://127.0.0.1:" + operator + "/healthz/ready");
      return http.send(HttpRequest.newBuilder(ready).build(), BodyHandlers.ofString()).body();
    } catch (IOException e) {
      return "";
    }
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
