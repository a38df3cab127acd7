package io.signet.spiffe;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;
import javax.security.auth.Destroyable;

/**
 * Bytes that must not leak: never printed, compared in constant time, revealed only on purpose.
 *
 * <p>Thread-safe. Equality is identity, so that no collection compares secrets by accident; {@link
 * #sameAs} compares the bytes.
 */
public final class SecretBytes implements Destroyable {
  private final byte[] bytes;
  private boolean destroyed;

  private SecretBytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Wraps a copy; wiping the argument stays with the caller. */
  public static SecretBytes copyOf(byte[] secret) {
    return new SecretBytes(secret.clone());
  }

  /**
   * A copy of the secret, which the caller should wipe after use.
   *
   * @throws IllegalStateException if the secret was destroyed
   */
  public byte[] reveal(SecretAccess access) {
    Objects.requireNonNull(access, "access");
    return copy();
  }

  /**
   * Whether both hold the same bytes. The time taken depends on the lengths only.
   *
   * @throws IllegalStateException if either secret was destroyed
   */
  public boolean sameAs(SecretBytes other) {
    byte[] theirs = other.copy(); // never both locks at once
    try {
      return isEqualTo(theirs);
    } finally {
      Arrays.fill(theirs, (byte) 0);
    }
  }

  /** The number of bytes, also of a destroyed secret. */
  public int length() {
    return bytes.length;
  }

  /** Overwrites the secret with zeroes; a second call does nothing. */
  @Override
  public synchronized void destroy() {
    Arrays.fill(bytes, (byte) 0);
    destroyed = true;
  }

  @Override
  public synchronized boolean isDestroyed() {
    return destroyed;
  }

  /** The length, never the content. */
  @Override
  public String toString() {
    return "SecretBytes[" + bytes.length + " bytes]";
  }

  private synchronized boolean isEqualTo(byte[] theirs) {
    requireAlive();
    return MessageDigest.isEqual(bytes, theirs);
  }

  private synchronized byte[] copy() {
    requireAlive();
    return bytes.clone();
  }

  private void requireAlive() {
    if (destroyed) {
      throw new IllegalStateException("secret already destroyed");
    }
  }
}
