package io.signet.hsm;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.EllipticCurve;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class KeyAlgorithmTest {

  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048", "RSA_3072"})
  void of_keyOfItsOwn_itself(KeyAlgorithm algorithm) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.family());
    generator.initialize(algorithm.generation());

    assertThat(KeyAlgorithm.of(generator.generateKeyPair().getPublic())).contains(algorithm);
  }

  @Test
  void of_otherCurveOrSizeOrFamily_empty() throws Exception {
    KeyPairGenerator p521 = KeyPairGenerator.getInstance("EC");
    p521.initialize(new ECGenParameterSpec("secp521r1"));
    KeyPairGenerator rsa1024 = KeyPairGenerator.getInstance("RSA");
    rsa1024.initialize(1024);
    KeyPairGenerator ed25519 = KeyPairGenerator.getInstance("Ed25519");

    assertThat(KeyAlgorithm.of(p521.generateKeyPair().getPublic())).isEmpty();
    assertThat(KeyAlgorithm.of(rsa1024.generateKeyPair().getPublic())).isEmpty();
    assertThat(KeyAlgorithm.of(ed25519.generateKeyPair().getPublic())).isEmpty();
  }

  // SEC 2, version 2.0, section 2.4.1: 256 bits as P-256 has, and another curve.
  @Test
  void of_secp256k1_empty() {
    PublicKey key =
        on(
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F",
            "00",
            "07",
            "79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798",
            "483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8",
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141");

    assertThat(KeyAlgorithm.of(key)).isEmpty();
  }

  // RFC 5639, section 3.4
  @Test
  void of_brainpoolP256r1_empty() {
    PublicKey key =
        on(
            "A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377",
            "7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9",
            "26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6",
            "8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262",
            "547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997",
            "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7");

    assertThat(KeyAlgorithm.of(key)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"ec-p256, EC_P256", "ec-p384, EC_P384", "rsa-4096, RSA_4096"})
  void named_nameOfConfiguration_algorithm(String name, KeyAlgorithm algorithm) {
    assertThat(KeyAlgorithm.named(name)).contains(algorithm);
    assertThat(algorithm).hasToString(name);
  }

  @ParameterizedTest
  @CsvSource({"EC_P256", "ec-p521", "ed25519", "''"})
  void named_unknown_empty(String name) {
    assertThat(KeyAlgorithm.named(name)).isEmpty();
  }

  /** The generator itself as a public key on this curve. */
  private static PublicKey on(String p, String a, String b, String x, String y, String order) {
    EllipticCurve curve = new EllipticCurve(new ECFieldFp(hex(p)), hex(a), hex(b));
    ECPoint generator = new ECPoint(hex(x), hex(y));
    return new ExplicitKey(new ECParameterSpec(curve, generator, hex(order), 1), generator);
  }

  private static BigInteger hex(String value) {
    return new BigInteger(value, 16);
  }

  // This JDK has no such curves any more, other JCA providers do.
  private record ExplicitKey(ECParameterSpec getParams, ECPoint getW) implements ECPublicKey {
    @Override
    public String getAlgorithm() {
      return "EC";
    }

    @Override
    public String getFormat() {
      return "X.509";
    }

    @Override
    public byte[] getEncoded() {
      return new byte[0];
    }
  }
}
