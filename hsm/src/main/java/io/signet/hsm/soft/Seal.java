package io.signet.hsm.soft;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.soft.FileSecret.Derivation;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * What files to come are sealed under: the AES key that a {@link FileSecret} gives with one salt.
 * So the secret, which may open more than one folder, need not be kept. Each file has a random
 * nonce of its own, and one process does not make more than some thousands of them.
 */
final class Seal implements AutoCloseable {

  static final int SALT_SIZE = 16;

  private final Derivation derivation;
  private final int iterations;
  private final byte[] salt;
  private final byte[] key;
  private volatile boolean closed;

  private Seal(Derivation derivation, int iterations, byte[] salt, byte[] key) {
    this.derivation = derivation;
    this.iterations = iterations;
    this.salt = salt;
    this.key = key;
  }

  /** With a new salt; the caller closes the secret. */
  static Seal of(FileSecret secret) throws CustodyException {
    byte[] salt = new byte[SALT_SIZE];
    new SecureRandom().nextBytes(salt);
    try {
      byte[] key = secret.key(salt, secret.iterations()).getEncoded();
      return new Seal(secret.derivation(), secret.iterations(), salt, key);
    } catch (GeneralSecurityException e) {
      throw new CustodyException(Fault.FATAL, secret + ": this JDK derives no key of it", e);
    }
  }

  Derivation derivation() {
    return derivation;
  }

  int iterations() {
    return iterations;
  }

  byte[] salt() {
    return salt.clone();
  }

  SecretKey key() {
    if (closed) { // what is left of a wiped one everybody knows
      throw new IllegalStateException(this + " is closed");
    }
    return new SecretKeySpec(key, "AES");
  }

  /** Wipes the key, which cannot be used any more. */
  @Override
  public void close() {
    closed = true;
    Arrays.fill(key, (byte) 0);
  }

  @Override
  public String toString() {
    return "Seal[" + derivation + "]";
  }
}
