package io.signet.spiffe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustDomainTest {

  // SPIFFE-5, SPIFFE-ID 2.1. SPIFFE-6: names that look like an IPv4 address are names.
  @ParameterizedTest
  @ValueSource(
      strings = {"example.org", "a", "a-b_c.d9", "192.168.1.1", "999.1", "-", ".", "a..b", "_x"})
  void parse_allowedName_isKept(String name) {
    assertThat(TrustDomain.parse(name).name()).isEqualTo(name);
  }

  // SPIFFE-5, SPIFFE-ID 2.3: the canonical form is lower case.
  @ParameterizedTest
  @CsvSource({
    "EXAMPLE.Org,            example.org",
    "spiffe://example.org,   example.org",
    "SPIFFE://Example.ORG,   example.org"
  })
  void parse_otherForms_becomeCanonical(String text, String name) {
    assertThat(TrustDomain.parse(text)).isEqualTo(new TrustDomain(name));
  }

  @Test
  void new_upperCase_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TrustDomain("Example.org"))
        .withMessage("trust domain \"Example.org\": character 'E' (expected: a-z 0-9 . - _)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                    | trust domain \"\": empty (expected: at least one character)", // SPIFFE-2
        "spiffe://             | trust domain \"\": empty (expected: at least one character)", // SPIFFE-2
        "a b                   | trust domain \"a b\": character ' ' (expected: a-z 0-9 . - _)", // SPIFFE-5
        "a/b                   | trust domain \"a/b\": character '/' (expected: a-z 0-9 . - _)", // SPIFFE-5
        "td:8080               | trust domain \"td:8080\": port (expected: no ':')", // SPIFFE-3
        "me@td                 | trust domain \"me@td\": userinfo (expected: no '@')", // SPIFFE-3
        "[::1]                 | trust domain \"[::1]\": IPv6 address (expected: a name)", // SPIFFE-6
        "ex%61mple             | trust domain \"ex%61mple\": percent-encoding (expected: a-z 0-9 . -"
            + " _)", // SPIFFE-5
        "spiffe://td/a         | trust domain \"spiffe://td/a\": path \"/a\" (expected: no path)",
      })
  void parse_somethingElse_refusedByName(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TrustDomain.parse(text))
        .withMessage(message);
  }

  // Unicode lower-casing would turn the Kelvin sign into 'k'.
  @ParameterizedTest
  @ValueSource(strings = {"\u212A", "ex\u00e4mple", "a\n", "a\u0000"})
  void parse_notAscii_refusedWithoutRawCharacter(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TrustDomain.parse(text))
        .withMessageContaining("\\u")
        .withMessageMatching("[ -~]*");
  }

  // SPIFFE-14
  @Test
  void parse_255Bytes_accepted() {
    assertThat(TrustDomain.parse("a".repeat(255)).name()).hasSize(255);
  }

  // SPIFFE-14
  @Test
  void parse_256Bytes_refusedWithShortMessage() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TrustDomain.parse("a".repeat(256)))
        .withMessageContaining("256 bytes (expected: at most 255)")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
  }

  @Test
  void id_hasNoPath() {
    SpiffeId id = new TrustDomain("example.org").id();
    assertThat(id).hasToString("spiffe://example.org");
    assertThat(id.hasPath()).isFalse();
  }

  @Test
  void toString_isTheName() {
    assertThat(new TrustDomain("example.org")).hasToString("example.org");
  }
}
