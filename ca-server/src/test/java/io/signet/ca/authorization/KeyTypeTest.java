package io.signet.ca.authorization;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.soft.ExportableKey;
import java.math.BigInteger;
import java.security.KeyFactory;
import java.security.spec.RSAPublicKeySpec;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The kinds of key that rules name. */
final class KeyTypeTest {

  @ParameterizedTest
  @ValueSource(strings = {"ec", "ec-p256", "ec-p384", "rsa", "rsa-2048", "rsa-3072", "rsa-4096"})
  void named_known_bothWays(String name) {
    assertThat(KeyType.named(name).orElseThrow()).hasToString(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "EC", "ec-p521", "rsa-1024", "rsa-2560", "dsa", "ed25519"})
  void named_unknown_empty(String name) {
    assertThat(KeyType.named(name)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "ec, ec-p256, true",
    "ec, ec, true",
    "ec, rsa-2048, false",
    "ec-p256, ec-p256, true",
    "ec-p256, ec-p384, false",
    "ec-p256, ec, false",
    "rsa, rsa-4096, true",
    "rsa-2048, rsa-4096, false"
  })
  void includes_itselfAndWhatIsOfTheFamily(String one, String other, boolean includes) {
    assertThat(KeyType.named(one).orElseThrow().includes(KeyType.named(other).orElseThrow()))
        .isEqualTo(includes);
  }

  @ParameterizedTest
  @EnumSource(KeyAlgorithm.class)
  void of_key_itsAlgorithm(KeyAlgorithm algorithm) {
    assertThat(KeyType.of(ExportableKey.generate(algorithm).publicKey()))
        .isEqualTo(KeyType.of(algorithm))
        .hasToString(algorithm.toString());
  }

  // CSR-9 lets RSA keys of every size from 2048 bits pass.
  @Test
  void of_keyOfASizeWithoutAName_ofItsFamilyOnly() throws Exception {
    BigInteger modulus = BigInteger.ONE.shiftLeft(2559).setBit(0);
    KeyType odd =
        KeyType.of(
            KeyFactory.getInstance("RSA")
                .generatePublic(new RSAPublicKeySpec(modulus, BigInteger.valueOf(65537))));

    assertThat(odd).isEqualTo(new KeyType("RSA", Optional.empty()));
    assertThat(KeyType.RSA.includes(odd)).isTrue();
    assertThat(KeyType.of(KeyAlgorithm.RSA_2048).includes(odd)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"ec, EC_P256", "ec-p384, EC_P384", "rsa, RSA_2048", "rsa-4096, RSA_4096"})
  void algorithm_theFirstOfTheFamily(String name, KeyAlgorithm algorithm) {
    assertThat(KeyType.named(name).orElseThrow().algorithm()).isEqualTo(algorithm);
  }
}
