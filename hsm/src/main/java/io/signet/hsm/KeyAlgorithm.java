package io.signet.hsm;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The kinds of key that sign or are signed (PROF-4), by their names in the configuration. */
public enum KeyAlgorithm {
  EC_P256("EC", 256, "SHA256withECDSA"),
  EC_P384("EC", 384, "SHA384withECDSA"),
  RSA_2048("RSA", 2048, "SHA256withRSA"),
  RSA_3072("RSA", 3072, "SHA256withRSA"),
  RSA_4096("RSA", 4096, "SHA256withRSA");

  private final String family;
  private final int bits;
  private final String signatureName;

  private static final class Curves {
    static final ECParameterSpec P256 = named("secp256r1");
    static final ECParameterSpec P384 = named("secp384r1");

    private static ECParameterSpec named(String name) {
      try {
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec(name));
        return parameters.getParameterSpec(ECParameterSpec.class);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("this JDK does not know the curve " + name, e);
      }
    }
  }

  KeyAlgorithm(String family, int bits, String signatureName) {
    this.family = family;
    this.bits = bits;
    this.signatureName = signatureName;
  }

  /** The algorithm that the configuration calls by this name, such as {@code ec-p256}. */
  public static Optional<KeyAlgorithm> named(String name) {
    return Arrays.stream(values()).filter(a -> a.toString().equals(name)).findFirst();
  }

  /** The algorithm of this key; empty for any other curve, size or family. */
  public static Optional<KeyAlgorithm> of(PublicKey key) {
    return Arrays.stream(values()).filter(algorithm -> algorithm.describes(key)).findFirst();
  }

  private boolean describes(PublicKey key) {
    return switch (key) {
      case ECPublicKey ec -> family.equals("EC") && sameCurve(ec.getParams(), curve());
      case RSAPublicKey rsa -> family.equals("RSA") && rsa.getModulus().bitLength() == bits;
      default -> false;
    };
  }

  // By its numbers and not by its size: secp256k1 and brainpoolP256r1 have 256 bits too.
  private static boolean sameCurve(ECParameterSpec one, ECParameterSpec other) {
    return one.getCurve().equals(other.getCurve())
        && one.getGenerator().equals(other.getGenerator())
        && one.getOrder().equals(other.getOrder())
        && one.getCofactor() == other.getCofactor();
  }

  private ECParameterSpec curve() {
    return this == EC_P256 ? Curves.P256 : Curves.P384;
  }

  /** JCA's name of the key family: {@code EC} or {@code RSA}. */
  public String family() {
    return family;
  }

  /** JCA's name of the signature that keys of this kind make. */
  public String signatureName() {
    return signatureName;
  }

  /** What a JCA key pair generator needs to make such a key. */
  public AlgorithmParameterSpec generation() {
    return family.equals("EC")
        ? new ECGenParameterSpec("secp" + bits + "r1")
        : new RSAKeyGenParameterSpec(bits, RSAKeyGenParameterSpec.F4);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
