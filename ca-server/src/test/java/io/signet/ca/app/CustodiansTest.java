package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.SecretPlace;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.nio.file.Files;
import java.nio.file.Path;
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
  void changePassphrase_files_openByTheNewOneOnly() throws Exception {
    FileCustodian before = files("before");
    FileCustodian after = files("after");
    try (KeyCustodian keys = custodians.open(before)) {
      KeyHandle _ = keys.generate(ROOT, KeyAlgorithm.EC_P256);
    }

    custodians.changePassphrase(before, after.passphrase());

    try (KeyCustodian keys = custodians.open(after)) {
      assertThat(keys.find(ROOT)).isPresent();
    }
    assertThatThrownBy(() -> custodians.open(before)).hasMessageContaining("passphrase is wrong");
  }

  private FileCustodian files(String passphrase) throws Exception {
    Path file = Files.writeString(folder.resolve(passphrase), "the passphrase " + passphrase);
    return new FileCustodian(folder.resolve("keys"), new SecretPlace.InFile(file));
  }
}
