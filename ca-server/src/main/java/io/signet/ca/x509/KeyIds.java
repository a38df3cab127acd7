package io.signet.ca.x509;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.util.Arrays;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** Subject key identifiers. */
public final class KeyIds {

  private static final int LENGTH = 20;

  private KeyIds() {}

  /**
   * The leftmost 160 bits of the SHA-256 of the key's bits (RFC 7093, method 1): computable where
   * SHA-1 is not allowed (PROF-5).
   */
  public static byte[] of(PublicKey key) {
    byte[] bits = SubjectPublicKeyInfo.getInstance(key.getEncoded()).getPublicKeyData().getOctets();
    try {
      return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(bits), LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
