package io.signet.hsm.vault;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;

/**
 * One version of a key of Transit, and how to ask for its signatures. The version is part of it:
 * Vault's default is the latest, which is another key after a rotation (VAULT-7).
 */
record TransitKey(KeyLabel label, int version, KeyAlgorithm algorithm, PublicKey publicKey) {

  /** What Transit calls keys of this kind. */
  static String type(KeyAlgorithm algorithm) {
    return switch (algorithm) {
      case EC_P256 -> "ecdsa-p256";
      case EC_P384 -> "ecdsa-p384";
      case RSA_2048 -> "rsa-2048";
      case RSA_3072 -> "rsa-3072";
      case RSA_4096 -> "rsa-4096";
    };
  }

  /** The hash of its signatures, in a path of Transit. */
  String hash() {
    return algorithm == KeyAlgorithm.EC_P384 ? "sha2-384" : "sha2-256";
  }

  byte[] digest(byte[] message) {
    try {
      String hash = algorithm == KeyAlgorithm.EC_P384 ? "SHA-384" : "SHA-256";
      return MessageDigest.getInstance(hash).digest(message);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-2", e);
    }
  }

  /**
   * VAULT-8: of a digest that is too long Vault signs the beginning.
   *
   * @throws CustodyException {@link Fault#REJECTED}
   */
  void requireDigest(byte[] digest) throws CustodyException {
    int length = algorithm == KeyAlgorithm.EC_P384 ? 48 : 32;
    if (digest.length != length) {
      throw new CustodyException(
          Fault.REJECTED,
          "key %s: a digest of %d bytes (expected: %d, %s)"
              .formatted(label, digest.length, length, hash()));
    }
  }
}
