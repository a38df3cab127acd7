package io.signet.hsm.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BaoTest {

  @TempDir private Path home;

  // VAULT-1, VAULT-2, VST-9: what the tests of the custodian rely on.
  @Test
  void start_realServer_keepsKeysThroughSealAndRestart() throws Exception {
    try (Bao bao = Bao.start(home)) {
      bao.mountTransit("transit");
      String made = bao.post("transit/keys/root-1", "{\"type\":\"ecdsa-p256\"}");

      bao.seal();
      assertThatThrownBy(() -> bao.ask("GET", "transit/keys/root-1", ""))
          .hasMessageContaining("503");
      bao.unseal();
      bao.restart();
      bao.unseal();

      assertThat(Bao.text(bao.ask("GET", "transit/keys/root-1", ""), "public_key"))
          .isEqualTo(Bao.text(made, "public_key"));
    }
  }
}
