package io.signet.hsm;

import io.signet.hsm.KeyHandle.Signer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;

/** What references compute in this process. */
public final class BareCrypto {

  private static final String DER = "SHA256withECDSA";

  /** How a PKCS#11 token puts it: r and s, of the same length. */
  public static final String R_AND_S = DER + "inP1363Format";

  private BareCrypto() {}

  public static byte[] sha256(byte[] message) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static Signer signer(PrivateKey key) {
    return message -> {
      try {
        Signature signature = Signature.getInstance(DER);
        signature.initSign(key);
        signature.update(message);
        return signature.sign();
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  /** A DER signature is verified once. */
  public static Signer verified(Signer signer, PublicKey key) {
    return verified(signer, key, DER);
  }

  /** Each signature is verified once, by this algorithm. */
  public static Signer verified(Signer signer, PublicKey key, String algorithm) {
    return message -> {
      byte[] signed = signer.sign(message);
      try {
        Signature signature = Signature.getInstance(algorithm);
        signature.initVerify(key);
        signature.update(message);
        if (!signature.verify(signed)) {
          throw new IllegalStateException("a signature of the reference is wrong");
        }
        return signed;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    };
  }
}
