package io.signet.hsm.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VaultSettingsTest {

  private static final VaultAuth AUTH = new VaultAuth.Token(Path.of("/etc/signet/vault-token"));

  private static VaultSettings settings(String address, String mount, String namespace) {
    return new VaultSettings(
        List.of(URI.create(address)),
        mount,
        Optional.of(namespace),
        Optional.empty(),
        AUTH,
        VaultSettings.DEFAULT_PERMITS,
        VaultSettings.DEFAULT_DEADLINE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://vault:8200", "https://vault/", "http://127.0.0.1:8200", "http://[::1]:1"})
  void settings_safeAddress_taken(String address) {
    assertThat(settings(address, "transit", "team/ca").addresses()).hasSize(1);
  }

  // The token is in every request.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://vault:8200",
        "http://127.0.0.1.example.org",
        "https://user@vault:8200",
        "https://vault:8200/v1",
        "https://vault:8200?x=y",
        "ftp://vault",
        "vault:8200",
        "https:///"
      })
  void settings_unsafeAddress_refused(String address) {
    assertThatThrownBy(() -> settings(address, "transit", "team"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("address")
        .hasMessageContaining("expected");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "/transit", "transit/", "a//b", "..", "a/../b", "a?b", "a b", "a%2fb"})
  void settings_strangePath_refused(String path) {
    assertThatThrownBy(() -> settings("https://vault", path, "team"))
        .hasMessageContaining("mount: " + path);
    assertThatThrownBy(() -> settings("https://vault", "transit", path))
        .hasMessageContaining("namespace: " + path);
    assertThatThrownBy(() -> new VaultAuth.AppRole(path, "role", Path.of("secret")))
        .hasMessageContaining("auth.mount: " + path);
  }

  @Test
  void settings_noAddressOrLimits_refused() {
    List<URI> one = List.of(URI.create("https://vault"));
    assertThatThrownBy(() -> limited(List.of(), 1, Duration.ofSeconds(1)))
        .hasMessageContaining("address: []");
    assertThatThrownBy(() -> limited(one, 0, Duration.ofSeconds(1)))
        .hasMessageContaining("permits: 0");
    assertThatThrownBy(() -> limited(one, 1, Duration.ZERO)).hasMessageContaining("deadline: PT0S");
  }

  private static VaultSettings limited(List<URI> addresses, int permits, Duration deadline) {
    return new VaultSettings(
        addresses, "transit", Optional.empty(), Optional.empty(), AUTH, permits, deadline);
  }
}
