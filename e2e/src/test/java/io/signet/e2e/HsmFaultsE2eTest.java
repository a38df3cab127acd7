package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.SoftHsm;
import io.signet.hsm.pkcs11.FaultyModule;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A whole server whose root's key is in a token that dies and comes back while certificates are
 * issued: no caller notices, and nothing is restarted (CT-3, CT-4).
 */
@Tag("e2e")
final class HsmFaultsE2eTest {
  private static final String PIN = "471147";
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final int CALLERS = 2;
  private static final int SOME = 20;
  private static final String FOR_EVER = " 1000000";

  /** How the token fails, by what its library does. */
  @SuppressWarnings("ImmutableEnumChecker") // an array, and nobody writes to it
  enum Outage {
    AWAY(
        "C_SignInit 0x32" + FOR_EVER,
        "C_FindObjectsInit 0x32" + FOR_EVER,
        "C_OpenSession 0xE0" + FOR_EVER,
        "C_GetTokenInfo 0xE0" + FOR_EVER),
    HANGS("C_SignInit hang 1000", "C_FindObjectsInit hang 1000", "C_OpenSession hang 1000");

    private final String[] orders;

    Outage(String... orders) {
      this.orders = orders;
    }
  }

  @TempDir private Path temporary;
  @AutoClose private SoftHsm hsm;
  private FaultyModule module;
  private ServerFolder folder;

  @BeforeEach
  void create() throws IOException {
    hsm = SoftHsm.create();
    hsm.initToken("signet", "12345678", PIN);
    module = FaultyModule.build(temporary);
    folder = ServerFolder.create(temporary.resolve("server"));
    folder.secret("pin", PIN);
    configure("memory");
  }

  private void configure(String issuing) throws IOException {
    folder.configure(
        """
        keys:
          custodian: pkcs11
          pkcs11: { library: "%s", token: signet, pin-file: pin }
          issuing: %s
        authority: { issuing-lifetime: 60s }
        svid: { default-lifetime: 30s, max-lifetime: 30s }
        limits: { per-identity: off }
        """
            .formatted(module.library(), issuing));
  }

  private Map<String, String> environment() {
    Map<String, String> all = new HashMap<>(hsm.environment());
    all.putAll(module.environment(hsm.library()));
    return all;
  }

  // P11-22: unready with the reason, and ready by itself.
  @Test
  void serve_tokenNotThereYet_waitsAndSaysWhy() throws IOException {
    module.order("C_GetTokenInfo 0xE0" + FOR_EVER);
    try (var signet = SignetProcess.waiting(folder.config(), environment())) {
      var answer = signet.get("/healthz/ready");
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.body())
          .contains("\"keys\"")
          .contains("token \\\"signet\\\" of " + module.library())
          .contains("CKR_TOKEN_NOT_PRESENT", "check that the device is connected");
      assertThat(signet.get("/healthz/live").statusCode()).isEqualTo(200);
      assertThat(signet.get("/v1/keys").body()) // KC-8
          .contains("\"usable\":false", "\"fault\":\"lost\"", "CKR_TOKEN_NOT_PRESENT");
      var status =
          SignetProcess.command(
              "keys", "status", "--operator", "http://127.0.0.1:" + signet.operatorPort());
      assertThat(status.exit()).isEqualTo(1);
      assertThat(status.output())
          .contains("root key      none yet", "pkcs11, token \"signet\" of " + module.library())
          .contains("LOST: ", "check ");

      module.order();
      signet.awaitReady();
      assertThat(signet.get("/healthz/ready").statusCode()).isEqualTo(200);
      assertThat(signedBy(signet)).isNotNull();
      signet.stop();
    }
  }

  // The issuing authority lives for a minute and is renewed by the root after half of it.
  @ParameterizedTest
  @EnumSource
  void fail_underLoad_nobodyNoticesAndTheRootSignsAgainByItself(Outage outage) throws Exception {
    try (var signet = SignetProcess.serve(folder.config(), environment())) {
      Path socket = signet.socket();
      BigInteger before = signedBy(signet);
      try (var load = Load.of(CALLERS, Csr.create(temporary), () -> CsrClient.unix(socket))) {
        load.awaitMore(SOME, SOON);
        module.order(outage.orders);
        Await.until("a problem", SOON, () -> signet.readiness().contains("\"keys\""));
        assertThat(signet.get("/healthz/ready").statusCode()).isEqualTo(200);
        assertThat(signet.readiness()).contains("key root-", " in pkcs11: ", "; check ");
        load.awaitMore(SOME, SOON);

        module.order();
        Await.until("no problem", SOON, () -> !signet.readiness().contains("\"keys\""));
        assertThat(signet.get("/v1/keys").body()) // KC-8: what it was stays to be seen
            .contains("\"usable\":true", "\"last-error\"")
            .containsPattern("\"losses\":[1-9]");
        Await.until("the next authority", SOON, () -> !signedBy(signet).equals(before));
        load.awaitOneMoreForEach(SOON);
        assertThat(load.refusals()).isEmpty();
      }
      signet.stop();
    }
  }

  // Each leaf is signed in the token, and KC-7: a restart leaves no key of the run before.
  @Test
  void fail_issuingKeyInTheToken_everyCallIsServedAndOneKeyIsLeft() throws Exception {
    configure("custodian");
    try (var signet = SignetProcess.serve(folder.config(), environment())) {
      Path socket = signet.socket();
      try (var load = Load.of(CALLERS, Csr.create(temporary), () -> CsrClient.unix(socket))) {
        for (String code : new String[] {"0xB3", "0x101", "0x82", "0x190", "0x30"}) {
          load.awaitMore(SOME, SOON);
          module.order("C_Sign " + code + " 1");
        }
        load.awaitMore(SOME, SOON);
        assertThat(load.refusals()).isEmpty();
      }
      assertThat(signet.get("/metrics").body()).contains("signet_custodian_recoveries_total 5");
      signet.stop();
      signet.start();
      assertThat(signedBy(signet)).isNotNull();
      signet.stop();
    }
    String keys =
        hsm.pkcs11Tool(
            "--token-label", "signet", "--pin", PIN, "--list-objects", "--type", "privkey");
    assertThat(keys.split("Private Key Object", -1)).as(keys).hasSize(1 + 2); // root and issuing
  }

  /** The serial number of the issuing authority of now. */
  private BigInteger signedBy(SignetProcess signet) throws IOException {
    try (var client = CsrClient.unix(signet.socket())) {
      SignedChain chain = client.sign(Csr.create(temporary), Duration.ofSeconds(30));
      X509Certificate issuing = SignedChain.parse(chain.intermediates().getFirst()).getFirst();
      return issuing.getSerialNumber();
    }
  }
}
