package io.signet.ca.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.FakeTimer;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.ca.testing.UnixChannel;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import io.signet.spiffe.Pem;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Date;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole server whose clock is set, or whose machine was suspended. */
final class ClockJumpTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir private Path folder;
  private final TestClock clock = new TestClock();
  private final FakeTimer timer = new FakeTimer(clock);
  @AutoClose private SignetServer server;
  @AutoClose private UnixChannel caller;

  @BeforeEach
  void start() throws Exception {
    server = SignetServer.start(config(), clock, timer);
    caller = UnixChannel.to(server.listening().sdsSocket().orElseThrow(), "localhost");
  }

  private SignetConfig config() throws Exception {
    Path passphrase = Files.writeString(folder.resolve("passphrase"), "correct horse");
    Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
    return SignetConfig.loadText(
        """
        trust-domain: example.org
        listen: { workload: "127.0.0.1:0", operator: "127.0.0.1:0", sds-socket: sds.sock }
        serving-names: [localhost]
        keys:
          custodian: file
          file: { path: keys, passphrase-file: passphrase }
        attestation:
          unix: [ { uid: %s, id: "%s" } ]
        data-dir: data
        """
            .formatted(Files.getAttribute(folder, "unix:uid"), Fixtures.CART),
        folder);
  }

  // A start puts it first; the tests after these are to run as those before.
  @AfterEach
  void removeProvider() {
    Security.removeProvider("AmazonCorrettoCryptoProvider");
  }

  @Test
  void sign_clockSetAhead_unavailableForAMinuteAtMost() throws Exception {
    timer.setClock(DAY.multipliedBy(30));

    assertThat(answer()).isEqualTo(Code.UNAVAILABLE);
    assertThat(readiness()).contains("the issuing authority expired at");
    timer.advance(MINUTE);
    assertSigned();
  }

  // What was made while the clock was ahead begins in the future.
  @Test
  void sign_clockAheadAndSetBack_unavailableForAMinuteAtMost() throws Exception {
    timer.setClock(DAY.multipliedBy(30));
    timer.advance(MINUTE);
    assertSigned();

    timer.setClock(DAY.multipliedBy(-30));
    assertThat(answer()).isEqualTo(Code.UNAVAILABLE);
    assertThat(readiness()).contains("the issuing authority begins at");
    timer.advance(MINUTE);
    assertSigned();
  }

  // There is nothing that it could sign and anybody would believe.
  @Test
  void sign_clockBeforeTheRoot_unavailableUntilItIsRight() throws Exception {
    timer.setClock(DAY.negated());

    assertThat(answer()).isEqualTo(Code.UNAVAILABLE);
    timer.advance(MINUTE);
    assertThat(answer()).isEqualTo(Code.UNAVAILABLE);
    assertThat(readiness()).contains("is the clock of this machine right?");

    timer.setClock(DAY);
    timer.advance(Duration.ofSeconds(2)); // what was agreed on is looked at again
    assertSigned();
  }

  private void assertSigned() throws Exception {
    X509Certificate leaf = signed();
    leaf.checkValidity(Date.from(clock.instant()));
  }

  private Code answer() throws Exception {
    try {
      assertThat(signed()).isNotNull();
      return Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private String readiness() throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      var ready = URI.create("http://" + server.listening().operator() + "/healthz/ready");
      return http.send(HttpRequest.newBuilder(ready).build(), BodyHandlers.ofString()).body();
    }
  }

  private X509Certificate signed() throws Exception {
    var request =
        IstioCertificateRequest.newBuilder()
            .setCsr(Pem.encode("CERTIFICATE REQUEST", Fixtures.CSR))
            .build();
    var answer =
        IstioCertificateServiceGrpc.newBlockingStub(caller.channel()).createCertificate(request);
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(answer.getCertChain(0).getBytes(US_ASCII)));
  }
}
