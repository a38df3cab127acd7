package io.signet.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedUrlTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://issuer.example.org",
        "HTTPS://issuer.example.org:8443/realms/a/keys?version=2",
        "https://10.0.0.1/keys",
        "https://[2001:db8::1]/keys",
        "http://localhost:8080/keys",
        "http://127.0.0.1/keys",
        "http://[::1]:80/keys"
      })
  void parse_nobodyInBetween_accepted(String text) {
    assertThat(TrustedUrl.parse(text)).isEqualTo(URI.create(text));
    assertThat(TrustedUrl.isTrusted(text)).isTrue();
  }

  // ISTIO-94: of an issuer that is no address, no discovery document is ever looked for.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "issuer",
        "https:",
        "https://",
        "https:///keys",
        "https://user@issuer/keys",
        "https://issuer/keys#fragment",
        "https://issuer with space/",
        "https://under_score/",
        "http://issuer/keys",
        "http://127.0.0.1.example.org/",
        "http://localhost.example.org/",
        "http://0.0.0.0/",
        "file:///etc/passwd",
        "ftp://localhost/"
      })
  void parse_anythingElse_refused(String text) {
    assertThatThrownBy(() -> TrustedUrl.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("url: " + text + " (expected: https://..., or http:// to this machine)");
    assertThat(TrustedUrl.isTrusted(text)).isFalse();
  }
}
