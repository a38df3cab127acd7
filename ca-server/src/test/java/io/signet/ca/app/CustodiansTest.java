package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.KeysConfig.FileEncryption;
import io.signet.ca.config.KeysConfig.FileEncryption.ByKeyFile;
import io.signet.ca.config.KeysConfig.FileEncryption.ByPassphrase;
import io.signet.ca.config.SecretPlace;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Security;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CustodiansTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");

  @TempDir Path folder;
  private final Custodians custodians = new Custodians();

  // It is put first; the tests after these are to run as those before.
  @AfterEach
  void removeProvider() {
    Security.removeProvider("AmazonCorrettoCryptoProvider");
  }

  @Test
  void changeEncryption_toAnotherPassphrase_openByTheNewOneOnly() throws Exception {
    assertChanged(passphrase("before"), passphrase("after"), "the passphrase is wrong");
  }

  @Test
  void changeEncryption_toAKeyFile_openByTheNewOneOnly() throws Exception {
    assertChanged(
        passphrase("before"),
        keyFile("after"),
        "is under a key-file (expected: under a passphrase)");
  }

  @Test
  void changeEncryption_toAPassphrase_openByTheNewOneOnly() throws Exception {
    assertChanged(
        keyFile("before"),
        passphrase("after"),
        "is under a passphrase (expected: under a key-file)");
  }

  private void assertChanged(FileEncryption before, FileEncryption after, String refusal)
      throws Exception {
    try (KeyCustodian keys = custodians.open(files(before))) {
      KeyHandle _ = keys.generate(ROOT, KeyAlgorithm.EC_P256);
    }

    custodians.changeEncryption(files(before), after);

    try (KeyCustodian keys = custodians.open(files(after))) {
      assertThat(keys.find(ROOT)).isPresent();
    }
    assertThatThrownBy(() -> custodians.open(files(before))).hasMessageContaining(refusal);
  }

  // A secret is text and ends before its newline; random bytes may end with one.
  @Test
  void open_keyFileEndsWithNewline_allOfItCounts() throws Exception {
    FileEncryption shortest = keyFile("key", "0123456789abcdef0123456789abcde\n");
    custodians.open(files(shortest)).close();

    assertThatThrownBy(
            () -> custodians.open(files(keyFile("key", "0123456789abcdef0123456789abcde"))))
        .hasMessage(
            "key-file %s: 31 bytes (expected: 32 or more random bytes)"
                .formatted(folder.resolve("key")));
  }

  private FileCustodian files(FileEncryption encryption) {
    return new FileCustodian(folder.resolve("keys"), encryption);
  }

  private FileEncryption passphrase(String name) throws Exception {
    Path file = Files.writeString(folder.resolve(name), "the passphrase " + name);
    return new ByPassphrase(new SecretPlace.InFile(file));
  }

  private FileEncryption keyFile(String name) throws Exception {
    return keyFile(name, "the thirty-two or more bytes of " + name);
  }

  private FileEncryption keyFile(String name, String content) throws Exception {
    Path file = Files.writeString(folder.resolve(name), content);
    Path _ = Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return new ByKeyFile(file);
  }
}
