package io.signet.hsm;

import static io.signet.hsm.Faults.assertFault;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ForeignKeyTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");

  private static KeyPair newPair(KeyAlgorithm algorithm) throws Exception {
    return newPair(algorithm.family(), algorithm.generation());
  }

  private static KeyPair newPair(String family, AlgorithmParameterSpec kind) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(family);
    generator.initialize(kind);
    return generator.generateKeyPair();
  }

  /** As a provider of a device would give it out. */
  private static final class InDevice implements PrivateKey {
    private static final long serialVersionUID = 1L;

    @Override
    public String getAlgorithm() {
      return "EC";
    }

    @Override
    @SuppressWarnings("NullAway") // the JDK says so of keys that are not encoded
    public String getFormat() {
      return null;
    }

    @Override
    @SuppressWarnings("NullAway")
    public byte[] getEncoded() {
      return null;
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void of_eachAlgorithm_sameKeyInNewObjects(KeyAlgorithm algorithm) throws Exception {
    KeyPair pair = newPair(algorithm);

    ForeignKey key = ForeignKey.of(ROOT, pair);

    assertThat(key.algorithm()).isEqualTo(algorithm);
    assertThat(key.publicKey()).isEqualTo(pair.getPublic());
    assertThat(key.privateKey()).isEqualTo(pair.getPrivate()).isNotSameAs(pair.getPrivate());
  }

  // KC-2
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void of_halvesOfTwoKeys_rejected(KeyAlgorithm algorithm) throws Exception {
    KeyPair mixed = new KeyPair(newPair(algorithm).getPublic(), newPair(algorithm).getPrivate());

    assertFault(Fault.REJECTED, () -> ForeignKey.of(ROOT, mixed))
        .hasMessageContaining("key root-1")
        .hasMessageContaining("do not belong together");
  }

  @Test
  void of_keyOfDevice_rejected() throws Exception {
    KeyPair pair = new KeyPair(newPair(KeyAlgorithm.EC_P256).getPublic(), new InDevice());

    assertFault(Fault.REJECTED, () -> ForeignKey.of(ROOT, pair))
        .hasMessageContaining("cannot be read (expected: one that gives PKCS#8)");
  }

  @Test
  void of_otherKind_rejectedByItsName() throws Exception {
    KeyPair large = newPair("EC", new ECGenParameterSpec("secp521r1"));
    KeyPair small = newPair("RSA", new RSAKeyGenParameterSpec(1024, RSAKeyGenParameterSpec.F4));
    KeyPair edwards = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();

    assertFault(Fault.REJECTED, () -> ForeignKey.of(ROOT, large))
        .hasMessageContaining("it is EC on secp521r1");
    assertFault(Fault.REJECTED, () -> ForeignKey.of(ROOT, small))
        .hasMessageContaining("it is RSA of 1024 bits (expected: one of [ec-p256");
    assertFault(Fault.REJECTED, () -> ForeignKey.of(ROOT, edwards))
        .hasMessageContaining("it is EdDSA (expected: one of [ec-p256");
  }

  // Its certificates would be signed by another algorithm than they name.
  @Test
  void of_rsaForPssOnly_rejected() throws Exception {
    KeyPair pss = newPair("RSASSA-PSS", KeyAlgorithm.RSA_2048.generation());

    assertFault(Fault.REJECTED, () -> ForeignKey.of(ROOT, pss))
        .hasMessageContaining("expected: two of rsa-2048");
  }

  // CT-8
  @Test
  void toString_andRefusal_nothingOfTheSecret() throws Exception {
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);
    String secret = Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded());

    assertThat(ForeignKey.of(ROOT, pair)).hasToString("ForeignKey[root-1, ec-p256]");
    for (KeyAlgorithm other : List.of(KeyAlgorithm.EC_P256, KeyAlgorithm.RSA_2048)) {
      KeyPair mixed = new KeyPair(newPair(other).getPublic(), pair.getPrivate());
      assertFault(Fault.REJECTED, () -> ForeignKey.of(ROOT, mixed))
          .hasMessageNotContaining(secret)
          .hasNoCause();
    }
  }
}
