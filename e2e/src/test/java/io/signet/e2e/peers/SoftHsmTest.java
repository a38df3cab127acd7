package io.signet.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("e2e")
final class SoftHsmTest {
  @AutoClose private SoftHsm hsm;

  @BeforeEach
  void create() throws IOException {
    hsm = SoftHsm.create();
  }

  @Test
  void initToken_newLabel_isShown() throws IOException {
    hsm.initToken("signet", "12345678", "1234");
    assertThat(hsm.showSlots()).containsPattern("Label: +signet");
  }

  @Test
  void initToken_pinTooShort_refused() {
    assertThatThrownBy(() -> hsm.initToken("signet", "12345678", "12"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void create_another_hasTokensOfItsOwn() throws IOException {
    hsm.initToken("signet", "12345678", "1234");
    try (var another = SoftHsm.create()) {
      assertThat(another.showSlots()).doesNotContain("signet");
    }
  }

  @Test
  void pkcs11Tool_keyPairGenerated_isListed() throws IOException {
    hsm.initToken("signet", "12345678", "1234");
    pkcs11Tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "root");
    assertThat(pkcs11Tool("--list-objects")).containsPattern("Private Key Object; EC(?s:.*)root");
  }

  @Test
  void tokens_movedAway_areGoneFromTheSlots() throws IOException {
    hsm.initToken("signet", "12345678", "1234");
    pkcs11Tool("--list-objects");
    Files.move(hsm.tokens(), hsm.tokens().resolveSibling("pulled-out"));
    assertThatThrownBy(() -> pkcs11Tool("--list-objects")).isInstanceOf(IOException.class);
  }

  private String pkcs11Tool(String action, String... more) throws IOException {
    var arguments = new ArrayList<>(List.of("--token-label", "signet", "--pin", "1234", action));
    arguments.addAll(List.of(more));
    return hsm.pkcs11Tool(arguments.toArray(String[]::new));
  }
}
