package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Openssl;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.soft.FileKeyCustodian;
import io.signet.hsm.soft.FileSecret;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PrivateKeysTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "EC, ec_paramgen_curve:P-256, PEM",
    "EC, ec_paramgen_curve:P-256, DER",
    "RSA, rsa_keygen_bits:2048, DER"
  })
  void in_pkcs8OrTheKeyByItself_found(String algorithm, String option, String form)
      throws Exception {
    Path key = folder.resolve("key");
    Path pkcs8 = folder.resolve("pkcs8");
    String name = key.toString();
    Openssl.run(
        "genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-outform", form, "-out", name);
    Openssl.run(
        "pkcs8", "-topk8", "-nocrypt", "-in", name, "-outform", form, "-out", pkcs8.toString());
    assertThat(PrivateKeys.in(folder)).containsExactlyInAnyOrder(key, pkcs8);
  }

  @Test
  void in_fileOfTheCustodian_found() throws Exception {
    Path keys = folder.resolve("keys");
    try (var custodian =
        FileKeyCustodian.open(keys, FileSecret.passphrase("passphrase".toCharArray()))) {
      var _ = custodian.generate(new KeyLabel("root"), KeyAlgorithm.EC_P256);
    }
    assertThat(PrivateKeys.in(folder)).contains(keys.resolve("root.key"));
  }

  @Test
  void in_publicKeyAndText_nothing() throws Exception {
    Files.writeString(folder.resolve("config.yaml"), "keys: { custodian: pkcs11 }");
    Path key = Csr.create(Files.createTempDirectory("signet-key-")).key();
    Openssl.run("pkey", "-in", "" + key, "-pubout", "-out", "" + folder.resolve("public.pem"));
    assertThat(PrivateKeys.in(folder)).isEmpty();
  }
}
