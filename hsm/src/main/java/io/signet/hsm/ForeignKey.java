package io.signet.hsm;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;

/**
 * A key that was made elsewhere, on its way into a custodian: of a kind that we know, and its
 * halves are proven to belong together by a signature. It is a copy, so nothing that is done to the
 * original changes it. For the packages of custodians.
 */
public final class ForeignKey {

  // Text, which can never be taken for something that a CA signs.
  private static final byte[] PROOF = "signet: proof that two halves are one key".getBytes(UTF_8);

  private final KeyLabel label;
  private final KeyAlgorithm algorithm;
  private final KeyPair pair;

  private ForeignKey(KeyLabel label, KeyAlgorithm algorithm, KeyPair pair) {
    this.label = label;
    this.algorithm = algorithm;
    this.pair = pair;
  }

  /**
   * Looks at a key without a custodian.
   *
   * @param label that it is to have
   * @throws CustodyException {@link Fault#REJECTED} when it is of another kind than {@link
   *     KeyAlgorithm} knows, its private half cannot be encoded as PKCS#8, or the halves do not
   *     belong together
   */
  public static ForeignKey of(KeyLabel label, KeyPair key) throws CustodyException {
    KeyAlgorithm algorithm =
        KeyAlgorithm.of(key.getPublic())
            .orElseThrow(() ->
                rejected(
                    label,
                    "it is %s (expected: one of %s)"
                        .formatted(kind(key.getPublic()), Arrays.toString(KeyAlgorithm.values()))));
    ForeignKey copy = new ForeignKey(label, algorithm, copy(label, algorithm, key));
    copy.requireOneKey();
    return copy;
  }

  private static String kind(PublicKey key) {
    return switch (key) {
      case ECPublicKey ec -> "EC on " + ec.getParams();
      case RSAPublicKey rsa -> "RSA of %d bits".formatted(rsa.getModulus().bitLength());
      default -> key.getAlgorithm();
    };
  }

  private static KeyPair copy(KeyLabel label, KeyAlgorithm algorithm, KeyPair key)
      throws CustodyException {
    byte[] pkcs8 = key.getPrivate().getEncoded(); // null for a key that stays in its device
    if (pkcs8 == null || !"PKCS#8".equals(key.getPrivate().getFormat())) {
      throw rejected(label, "its private half cannot be read (expected: one that gives PKCS#8)");
    }
    try {
      KeyFactory keys = KeyFactory.getInstance(algorithm.family());
      return new KeyPair(
          keys.generatePublic(new X509EncodedKeySpec(key.getPublic().getEncoded())),
          keys.generatePrivate(new PKCS8EncodedKeySpec(pkcs8)));
    } catch (GeneralSecurityException e) { // not as cause: its text may come from the secret
      throw rejected(
          label, "its halves are no keys of one kind (expected: two of " + algorithm + ")");
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  private void requireOneKey() throws CustodyException {
    if (!verifies()) {
      throw rejected(
          label,
          "its halves do not belong together: a signature of the private one does not verify with"
              + " the public one");
    }
  }

  private boolean verifies() {
    try {
      Signature signature = Signature.getInstance(algorithm.signatureName());
      signature.initSign(pair.getPrivate());
      signature.update(PROOF);
      byte[] signed = signature.sign();
      signature.initVerify(pair.getPublic());
      signature.update(PROOF);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) { // its numbers are none of a key
      return false;
    }
  }

  public KeyLabel label() {
    return label;
  }

  public KeyAlgorithm algorithm() {
    return algorithm;
  }

  public PublicKey publicKey() {
    return pair.getPublic();
  }

  /** For the custodian that takes it in. */
  public PrivateKey privateKey() {
    return pair.getPrivate();
  }

  @Override
  public String toString() {
    return "ForeignKey[" + label + ", " + algorithm + "]";
  }

  private static CustodyException rejected(KeyLabel label, String why) {
    return new CustodyException(Fault.REJECTED, "key " + label + ": " + why);
  }
}
