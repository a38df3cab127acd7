package io.signet.ca.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.config.SecretPlace.AtPrompt;
import io.signet.ca.config.SecretPlace.InEnvironment;
import io.signet.ca.config.SecretPlace.InFile;
import io.signet.spiffe.SecretBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"10s,PT10S", "1h30m,PT1H30M", "365d,PT8760H", "1d2h3m4s,PT26H3M4S", "0s,PT0S"})
  void duration_wellFormed_bothWays(String text, Duration duration) {
    assertThat(Durations.parse(text)).isEqualTo(duration);
    assertThat(Durations.format(duration)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "h", "1.5h", "-1h", "30m1h", "1H", "1 h", "99999999d"})
  void duration_malformed_refused(String text) {
    assertThatThrownBy(() -> Durations.parse(text)).hasMessageContaining(Durations.FORM);
  }

  @ParameterizedTest
  @CsvSource({"localhost:1,localhost,1", "[::1]:65535,::1,65535", "0.0.0.0:0,0.0.0.0,0"})
  void address_wellFormed_bothWays(String text, String host, int port) {
    assertThat(Address.parse(text)).isEqualTo(new Address(host, port));
    assertThat(new Address(host, port)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":1", "a", "a:", "a:x", "a:65536", "a:-1", "::1:80", "[a]:1", "[]:1"})
  void address_malformed_refused(String text) {
    assertThatThrownBy(() -> Address.parse(text)).hasMessageContaining("HOST:PORT");
  }

  @ParameterizedTest
  @CsvSource({
    "localhost,true",
    "a.b-c.example,true",
    "10.0.0.1,true",
    "::1,true",
    "1.2.3,false",
    "*.example.org,false",
    "a..b,false",
    "a_b,false",
    "-a,false",
    "1.2.3.4.,false",
    "::g,false"
  })
  void servingName_dnsOrIp(String name, boolean valid) {
    assertThat(ServingName.isValid(name)).isEqualTo(valid);
  }

  @ParameterizedTest
  @ValueSource(strings = {"s3cret", "s3cret\n", "s3cret\r\n"})
  void secret_file_withoutItsNewline(String content) throws Exception {
    Path file = Files.writeString(folder.resolve("secret"), content);

    SecretBytes secret = new InFile(file).read();

    assertThat(secret.sameAs(SecretBytes.copyOf("s3cret".getBytes(StandardCharsets.UTF_8))))
        .isTrue();
  }

  @Test
  void secret_emptyFile_refused() throws Exception {
    Path file = Files.writeString(folder.resolve("secret"), "\n");

    assertThatThrownBy(() -> new InFile(file).read())
        .isInstanceOf(IOException.class)
        .hasMessage(file + ": empty (expected: a secret)");
  }

  @Test
  void secret_environment_readByName() throws Exception {
    var place = new InEnvironment("SIGNET_PIN");

    assertThat(place.bytes(Map.of("SIGNET_PIN", "1234")))
        .isEqualTo("1234".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> place.bytes(Map.of()))
        .hasMessage("env:SIGNET_PIN: not set (expected: a secret)");
  }

  // Not even from a standard input that is a file: whatever is in it was written down before.
  @Test
  void secret_promptWithoutTerminal_refused() {
    assertThatThrownBy(() -> new AtPrompt("keys.pkcs11.pin").read())
        .isInstanceOf(IOException.class)
        .hasMessage("keys.pkcs11.pin at the prompt: no terminal to ask at (expected: a terminal)");
  }

  @Test
  void secret_fileOpenToOthers_refused() throws Exception {
    Path file = Files.writeString(folder.resolve("secret"), "1234");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> SecretPlace.inPrivateFile(file))
        .hasMessage(
            file + ": mode rw-r----- (expected: a readable file, closed to group and others)");

    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    assertThat(SecretPlace.inPrivateFile(file)).isEqualTo(new InFile(file));
  }

  @Test
  void records_wrongState_refused() {
    Duration hour = Duration.ofHours(1);

    assertThatThrownBy(() -> new SvidConfig(hour.plusSeconds(1), hour))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("svid.default-lifetime: 1h1s");
    assertThatThrownBy(() -> new AuthorityConfig(new AuthorityConfig.Root.Own(), hour, hour))
        .hasMessageContaining("authority.issuing-lifetime: 1h");
    assertThatThrownBy(() -> new AttestationConfig(List.of(), List.of(), List.of(), true))
        .hasMessageContaining("no attestor");
  }

  @ParameterizedTest
  @CsvSource({"kitten,sitting,3", "pin,pin,0", "'',abc,3", "pin-file,pinfile,1"})
  void distance_editsCounted(String one, String other, int edits) {
    assertThat(KeyCheck.distance(one, other)).isEqualTo(edits);
  }

  @Test
  void probe_readableFile_noFault() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThat(FileProbe.onDisk().fault(file, FileProbe.Need.READABLE)).isEqualTo(Optional.empty());
    assertThat(FileProbe.onDisk().fault(folder, FileProbe.Need.READABLE)).contains("a folder");
  }
}
