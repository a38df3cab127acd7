package io.signet.hsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeyLabelTest {

  @ParameterizedTest
  @ValueSource(strings = {"a", "0", "root-1", "issuing.2026-11-23"})
  void label_valid_keptAsIs(String value) {
    assertThat(new KeyLabel(value)).hasToString(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "..", "-a", ".key", "Root", "a/b", "a b", "a_b", "ä", "a\n", "a\0"})
  void label_unsafeAnywhere_refused(String value) {
    assertThatThrownBy(() -> new KeyLabel(value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: 1 to 64");
  }

  @Test
  void label_length_upTo64() {
    assertThat(new KeyLabel("a".repeat(64)).value()).hasSize(64);
    assertThatThrownBy(() -> new KeyLabel("a".repeat(65)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
