package io.signet.hsm.pkcs11;

import io.signet.hsm.PublicKeys;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;

/**
 * A key pair on the token: a private key and the certificate that has the same CKA_ID (P11-10).
 *
 * @param label of the certificate; a foreign one may be no {@link io.signet.hsm.KeyLabel}
 * @param id the CKA_ID of both
 * @param publicKey from the certificate, a key of this process
 */
record TokenKey(String label, Attribute id, PublicKey publicKey) {

  boolean isOf(PublicKey other) {
    return PublicKeys.same(publicKey, other);
  }

  /** The CKA_ID of keys that are made here: no two keys have the same, whatever their labels. */
  static Attribute idOf(PublicKey publicKey) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return Attribute.id(sha256.digest(publicKey.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
