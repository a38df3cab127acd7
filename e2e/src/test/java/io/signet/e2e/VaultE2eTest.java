package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.FaultyFront;
import io.signet.e2e.peers.Ports;
import io.signet.hsm.vault.Bao;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole server on a real OpenBao that signs each leaf too, and is sealed, killed, has too many
 * requests or ends the server's token while certificates are issued (CT-7): nobody waits in vain,
 * nothing is lost, and nothing is restarted but OpenBao.
 */
@Tag("e2e")
final class VaultE2eTest {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final int CALLERS = 2;
  private static final int SOME = 20;

  @TempDir private Path temporary;
  @AutoClose private Bao bao;
  private ServerFolder folder;

  @BeforeEach
  void configure() throws Exception {
    bao = Bao.start(temporary.resolve("bao"));
    bao.mountTransit("signet");
    bao.writePolicy("signet", "signet");
    folder = ServerFolder.create(temporary.resolve("server"));
    folder.secret("secret-id", bao.enableAppRole("signet", "signet"));
    configure(bao.address());
  }

  private void configure(URI... addresses) throws IOException {
    folder.configure(
        """
        keys:
          custodian: vault
          vault:
            address: %s
            mount: signet
            auth: { method: approle, mount: signet, role-id: signet, secret-id-file: secret-id }
          issuing: custodian
        limits: { per-identity: off }
        """
            .formatted(Arrays.stream(addresses).map(each -> "\"" + each + "\"").toList()));
  }

  /** What happens to OpenBao. */
  private interface Event {
    void happen() throws Exception;
  }

  @Test
  void seal_underLoad_unavailableUntilItIsUnsealed() throws Exception {
    assertUnavailableOnlyUntil(bao::seal, bao::unseal);
  }

  @Test
  void restart_underLoad_unavailableUntilItIsUnsealed() throws Exception {
    assertUnavailableOnlyUntil(bao::restart, bao::unseal);
  }

  private void assertUnavailableOnlyUntil(Event trouble, Event end) throws Exception {
    try (var signet = SignetProcess.serve(folder.config())) {
      Load load = load(signet);
      try (load) {
        load.awaitMore(SOME, SOON);
        trouble.happen();
        Await.until("a problem", SOON, () -> signet.readiness().contains("\"keys\""));
        Await.until("refusals", SOON, () -> !load.refusals().isEmpty());
        assertThat(signet.get("/healthz/live").statusCode()).isEqualTo(200);
        Await.until("the seal to be named", SOON, () -> isSealedBy(signet.get("/v1/keys").body()));

        end.happen();
        Await.until("no problem", SOON, () -> !signet.readiness().contains("\"keys\""));
        assertThat(signet.get("/v1/keys").body()) // KC-8
            .contains("\"usable\":true", "\"lease\":{\"ends\":\"20")
            .containsPattern("\"losses\":[1-9][0-9]*,\"recoveries\":[1-9]");
        load.awaitOneMoreForEach(SOON);
      }
      assertThat(load.refusals()).extracting(Status::getCode).containsOnly(Code.UNAVAILABLE);
      assertRecorded(signet, load.received());
    }
  }

  private static boolean isSealedBy(String keys) {
    return keys.contains("\"usable\":false")
        && keys.contains("\"fault\":\"busy\"")
        && keys.contains("unseal it");
  }

  // VAUTH-5: one login and one more try, within the call.
  @Test
  void revoke_underLoad_loggedInAgainAndEveryCallIsServed() throws Exception {
    try (var signet = SignetProcess.serve(folder.config())) {
      Load load = load(signet);
      try (load) {
        load.awaitMore(SOME, SOON);
        bao.post("sys/leases/revoke-prefix/auth/signet", "{}");
        load.awaitMore(SOME, SOON);
        Await.until("a login", SOON, () -> signet.log().contains("logged in"));
        load.awaitOneMoreForEach(SOON);
      }
      assertThat(load.refusals()).isEmpty();
      assertRecorded(signet, load.received());
    }
  }

  // VAUTH-4: a token that no renewal can lengthen is replaced before it ends.
  @Test
  void maximumLifeOfTheToken_underLoad_loggedInAgainAndEveryCallIsServed() throws Exception {
    bao.limitTokens("signet", Duration.ofSeconds(5), Duration.ofSeconds(8));
    try (var signet = SignetProcess.serve(folder.config())) {
      Load load = load(signet);
      try (load) {
        Await.until("two logins", SOON, () -> signet.log().split("logged in; ", -1).length > 2);
        load.awaitMore(SOME, SOON);
      }
      assertThat(load.refusals()).isEmpty();
      assertThat(signet.readiness()).doesNotContain("\"keys\"");
      assertRecorded(signet, load.received());
    }
  }

  // VST-5
  @Test
  void tooManyRequests_underLoad_unavailableUntilTheyAreNot() throws Exception {
    try (var signet = SignetProcess.serve(folder.config())) {
      Load load = load(signet);
      try (load) {
        load.awaitMore(SOME, SOON);
        bao.limitRequests("signet");
        Await.until("refusals", SOON, () -> load.refusals().size() > SOME);
        assertThat(signet.get("/metrics").body())
            .containsPattern("signet_custodian_errors_total\\{.*fault=\"busy\".*} [1-9]");

        bao.unlimitRequests("signet");
        load.awaitOneMoreForEach(SOON);
        load.awaitMore(SOME, SOON);
      }
      assertThat(load.refusals()).extracting(Status::getCode).containsOnly(Code.UNAVAILABLE);
      assertThat(signet.log()).doesNotContain("logged in");
      assertRecorded(signet, load.received());
    }
  }

  // KC-6: what one address does not answer is asked of the next.
  @Test
  void addresses_oneNeverThereAndOneGoneUnderLoad_everyCallIsServed() throws Exception {
    URI nobody = URI.create("http://127.0.0.1:" + Ports.free());
    try (var front = FaultyFront.before(bao.address())) {
      configure(nobody, front.address(), bao.address());
      try (var signet = SignetProcess.serve(folder.config())) {
        Load load = load(signet);
        try (load) {
          load.awaitMore(SOME, SOON);
          front.close();
          load.awaitMore(SOME, SOON);
          load.awaitOneMoreForEach(SOON);
        }
        assertThat(load.refusals()).isEmpty();
        assertThat(signet.readiness()).doesNotContain("\"keys\"");
        assertRecorded(signet, load.received());
      }
    }
  }

  @Test
  void dev_custodianVault_signsAndNeedsNotBeToldAgain() throws Exception {
    Path token = folder.secret("token", bao.createToken("signet"));
    Path directory = temporary.resolve("dev");
    try (var dev =
        SignetProcess.dev(
            directory,
            "--custodian=vault",
            "--vault-address=" + bao.address(),
            "--vault-mount=signet",
            "--vault-token-file=" + token)) {
      assertThat(dev.get("/v1/keys").body()).contains("\"custodian\":\"vault\"", "\"usable\":true");
      dev.stop();
    }
    try (var dev = SignetProcess.dev(directory);
        var client = CsrClient.unix(dev.socket())) {
      assertThat(client.sign(Csr.create(temporary)).uris()).hasSize(1);
      assertThat(dev.get("/v1/keys").body()).contains("\"custodian\":\"vault\"");
    }
  }

  private Load load(SignetProcess signet) throws IOException {
    Path socket = signet.socket();
    return Load.of(CALLERS, Csr.create(temporary), () -> CsrClient.unix(socket));
  }

  private static void assertRecorded(SignetProcess signet, List<X509Certificate> received)
      throws Exception {
    signet.stop();
    LeftStore.assertRecorded(received, signet.dataDirectory());
  }
}
