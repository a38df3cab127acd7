package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.parallel.ExecutionMode.CONCURRENT;

import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Envoy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Two real Envoys speak mutual TLS with secrets from our SDS, while these are renewed. */
@Tag("e2e")
final class EnvoyMutualTlsE2eTest {
  private static final String HOUR = "1h";
  private static final Duration SOON = Duration.ofSeconds(60);
  // A shorter life makes a quicker run; a renewal is due at half of it.
  private static final String LIFE = System.getProperty("signet.e2e.svid-ttl", "1m");
  private static final Duration TWO_RENEWALS = Duration.ofSeconds(150);

  @TempDir private Path folder;

  // By both protocols, with the root's key in a file and on a token, side by side as each takes
  // more than a minute.
  // SC-7, SDS-4, AUTH-1, AUTH-3, EF-1, ISTIO-91 (mTLS), ISTIO-96: push cert; each end is told the
  // SPIFFE ID of the other.
  @ParameterizedTest
  @CsvSource({"FILE, DELTA_GRPC", "PKCS11, GRPC"})
  @Execution(CONCURRENT)
  void requests_newConnectionsThroughTwoRenewals_noHandshakeFails(Custodian root, Api api)
      throws IOException {
    try (var mesh = Mesh.launch(folder, api, () -> root.dev(folder, "--svid-ttl", LIFE));
        var traffic = mesh.traffic()) {
      Set<String> atServer = new HashSet<>();
      Set<String> atClient = new HashSet<>();
      Await.until(
          "two renewals at both ends, after " + traffic.failures(),
          TWO_RENEWALS,
          () -> {
            atServer.addAll(Mesh.serials(mesh.server()));
            atClient.addAll(Mesh.serials(mesh.client()));
            return atServer.size() >= 3 && atClient.size() >= 3;
          });
      traffic.awaitMore(10, SOON);
      assertNothingFailed(mesh, traffic);
      long answered = traffic.answered(); // before the others, for more are answered meanwhile
      assertThat(mesh.client().stat("cluster.server.ssl.handshake"))
          .isGreaterThanOrEqualTo(answered);
    }
  }

  // EF-6, ISTIO-96: reconnect; without us Envoy keeps what it has; with us again it gets renewals
  // again.
  @ParameterizedTest
  @EnumSource
  @Execution(CONCURRENT)
  void stopAndKill_ofSignet_envoysServeOnAndAreRenewedAfterwards(Api api) throws IOException {
    try (var mesh = Mesh.launch(folder, api, HOUR);
        var traffic = mesh.traffic()) {
      byte[] roots = Files.readAllBytes(mesh.signet().bundle());
      traffic.awaitMore(10, SOON);
      awaitRenewalAfter(() -> stopInSilence(mesh.signet()), mesh, traffic);
      awaitRenewalAfter(mesh.signet()::kill, mesh, traffic);
      assertNothingFailed(mesh, traffic);
      assertThat(Files.readAllBytes(mesh.signet().bundle())).isEqualTo(roots);
    }
  }

  // Open streams are no accident when the server stops.
  private static void stopInSilence(SignetProcess signet) {
    signet.stop();
    assertThat(signet.log()).doesNotContain(" ERROR ", "Exception");
  }

  private static void awaitRenewalAfter(Runnable end, Mesh mesh, Traffic traffic)
      throws IOException {
    Set<String> before = Mesh.serials(mesh.server());
    Set<String> beforeAtClient = Mesh.serials(mesh.client());
    end.run();
    traffic.awaitMore(10, SOON);
    mesh.signet().start();
    Await.until("a renewal at the server", SOON, () -> isOther(before, mesh.server()));
    Await.until("a renewal at the client", SOON, () -> isOther(beforeAtClient, mesh.client()));
    traffic.awaitMore(10, SOON);
  }

  private static boolean isOther(Set<String> serials, Envoy envoy) throws IOException {
    return !Mesh.serials(envoy).equals(serials);
  }

  @ParameterizedTest
  @EnumSource
  @Execution(CONCURRENT)
  void client_ofOtherTrustDomain_refused(Custodian root) throws IOException {
    try (var mesh = Mesh.launch(folder, Api.GRPC, () -> root.dev(folder));
        var other = SignetProcess.dev(folder.resolve("other"), "--trust-domain", "other.org")) {
      assertThat(handshake(mesh.server(), other).exit()).isNotZero();
      assertThat(mesh.server().total("^listener\\..*\\.ssl\\.fail_verify_error$")).isEqualTo(1);
      assertThat(handshake(mesh.server(), mesh.signet()).exit()).isZero();
    }
  }

  // SDS-6: it looks like a name that does not exist, and hurts no other.
  @ParameterizedTest
  @EnumSource
  @Execution(CONCURRENT)
  void unknownName_besideRoots_streamsLiveOn(Api api) throws IOException {
    try (var signet = SignetProcess.dev(folder.resolve("dev"));
        var odd = Envoy.start(odd(signet, api))) {
      odd.awaitReady();
      assertThat(odd.stat("sds.ROOTCA.update_success")).isEqualTo(1);
      // Delta can tell that there is none, and Envoy does not wait any longer (EF-3, EF-7).
      assertThat(odd.stat("sds.no-such-name.init_fetch_timeout"))
          .isEqualTo(api == Api.GRPC ? 1 : 0);
      assertThat(odd.total("^sds\\..*\\.(update_failure|update_rejected)$")).isZero();
    }
  }

  private static String odd(SignetProcess signet, Api api) {
    return MeshConfig.server(SdsSource.unix(signet.socket()).by(api))
        .certificate("no-such-name")
        .patience("10s")
        .yaml();
  }

  private static void assertNothingFailed(Mesh mesh, Traffic traffic) throws IOException {
    assertThat(traffic.failures()).isEmpty();
    for (var envoy : List.of(mesh.server(), mesh.client())) {
      assertThat(envoy.total("\\.ssl\\.(connection_error|fail_verify_.*)$")).isZero();
      assertThat(envoy.total("^sds\\..*\\.update_rejected$")).isZero();
      assertThat(envoy.total("_context_secrets_not_ready$")).isZero();
    }
    assertThat(mesh.client().stat("cluster.server.upstream_cx_connect_fail")).isZero();
  }

  private Command.Result handshake(Envoy server, SignetProcess origin) throws IOException {
    Path out = Files.createTempDirectory(folder, "svid");
    var fetched =
        SignetProcess.command(
            "svid", "fetch", "--sds", "unix:" + origin.socket(), "--out", out.toString());
    assertThat(fetched.exit()).as(fetched.errors()).isZero();
    // TLS 1.2, as there the client's certificate is judged before the client's handshake ends.
    return Command.result(
        Map.of(),
        List.of(
            "openssl",
            "s_client",
            "-tls1_2",
            "-connect",
            "127.0.0.1:" + server.listenerPort("in"),
            "-cert",
            out.resolve("svid.pem").toString(),
            "-cert_chain",
            out.resolve("svid.pem").toString(),
            "-key",
            out.resolve("svid.key").toString()));
  }
}
