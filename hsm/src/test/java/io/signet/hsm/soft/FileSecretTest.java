package io.signet.hsm.soft;

import static io.signet.hsm.Faults.assertFault;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.signet.hsm.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FileSecretTest {

  private static final byte[] SALT = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");

  @TempDir private Path folder;

  private Path file(int size, String mode) throws Exception {
    byte[] content = new byte[size];
    for (int i = 0; i < size; i++) {
      content[i] = (byte) i;
    }
    Path file = Files.write(folder.resolve("key"), content);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  @Test
  void passphrase_empty_denied() {
    assertFault(Fault.DENIED, () -> FileSecret.passphrase(new char[0]))
        .hasMessage("the passphrase is empty");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31})
  void keyFile_short_deniedNamingFileAndLength(int size) throws Exception {
    Path file = file(size, "rw-------");

    assertFault(Fault.DENIED, () -> FileSecret.keyFile(file))
        .hasMessage(
            "key-file %s: %d bytes (expected: 32 or more random bytes)".formatted(file, size));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----"})
  void keyFile_openToOthers_deniedNamingFileAndMode(String mode) throws Exception {
    Path file = file(32, mode);

    assertFault(Fault.DENIED, () -> FileSecret.keyFile(file))
        .hasMessageContaining(file.toString())
        .hasMessageContaining(mode);
  }

  @Test
  void keyFile_notThere_fatalNamingIt() {
    Path file = folder.resolve("none");

    assertFault(Fault.FATAL, () -> FileSecret.keyFile(file))
        .hasMessage("key-file " + file + ": does not exist");
  }

  // RFC 5869, with the purpose as info; by Python's hmac.
  @Test
  void key_ofKeyFile_hkdfOfAllBytes() throws Exception {
    FileSecret secret = FileSecret.keyFile(file(40, "r--------"));

    assertThat(HexFormat.of().formatHex(secret.key(SALT, 1).getEncoded()))
        .isEqualTo("ff021bc836b7d25c0c9ae03e8a1c755596d1300eccea2598f5e5d4d228557c11");
  }

  // A folder under what is left of a wiped secret would be open to everybody.
  @Test
  void key_closed_refused() throws Exception {
    FileSecret secret = FileSecret.keyFile(file(32, "r--------"));
    secret.close();

    assertThatIllegalStateException().isThrownBy(() -> secret.key(SALT, 1));
  }

  // CT-8
  @Test
  void toString_secrets_neither() throws Exception {
    assertThat(FileSecret.passphrase("correct horse".toCharArray()))
        .hasToString("FileSecret[passphrase]");
    assertThat(FileSecret.keyFile(file(32, "r--------"))).hasToString("FileSecret[key-file]");
  }
}
