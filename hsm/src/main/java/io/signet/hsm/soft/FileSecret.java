package io.signet.hsm.soft;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a folder of keys is encrypted under: a passphrase, or random bytes in a file of their own
 * (the key-file). Each has a copy of the secret, which {@link #close} wipes.
 */
public abstract sealed class FileSecret implements AutoCloseable {

  /** OWASP Password Storage Cheat Sheet, PBKDF2 with HMAC-SHA512. */
  static final int ITERATIONS = 210_000;

  /** As many as the key has that comes from it: then nothing is gained by guessing either. */
  static final int FEWEST_BYTES = 32;

  /** How the AES key of a file comes from the secret; by JCA's name, which stands in the file. */
  enum Derivation {
    PBKDF2("PBKDF2WithHmacSHA512", "passphrase"),
    HKDF("HKDF-SHA256", "key-file");

    private final String algorithm;
    private final String secret;

    Derivation(String algorithm, String secret) {
      this.algorithm = algorithm;
      this.secret = secret;
    }

    static Optional<Derivation> of(String algorithm) {
      return Arrays.stream(values()).filter(d -> d.algorithm.equals(algorithm)).findFirst();
    }

    String algorithm() {
      return algorithm;
    }

    /** What the secret is called: {@code passphrase} or {@code key-file}. */
    @Override
    public String toString() {
      return secret;
    }
  }

  private volatile boolean closed;

  private FileSecret() {}

  /**
   * What a person has thought of; each try to guess it takes its time.
   *
   * @param text the caller wipes it after this call
   * @throws CustodyException {@link Fault#DENIED} when it is empty
   */
  public static FileSecret passphrase(char[] text) throws CustodyException {
    return passphrase(text, ITERATIONS);
  }

  static FileSecret passphrase(char[] text, int iterations) throws CustodyException {
    if (text.length == 0) {
      throw new CustodyException(Fault.DENIED, "the passphrase is empty");
    }
    return new Passphrase(text.clone(), iterations);
  }

  /**
   * The random bytes of a file that nobody but its owner may read, as they are.
   *
   * @throws CustodyException {@link Fault#DENIED} when it has fewer than 32, is open to others or
   *     closed to this process; {@link Fault#FATAL} when it cannot be read for any other reason
   */
  public static FileSecret keyFile(Path file) throws CustodyException {
    byte[] content = content(file);
    if (content.length < FEWEST_BYTES) {
      Arrays.fill(content, (byte) 0);
      throw new CustodyException(
          Fault.DENIED,
          "key-file %s: %d bytes (expected: %d or more random bytes)"
              .formatted(file, content.length, FEWEST_BYTES));
    }
    return new KeyFile(content);
  }

  private static byte[] content(Path file) throws CustodyException {
    try {
      PrivateDirectory.requirePrivate(file);
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw FileTrouble.failure("key-file " + file, e, Fault.FATAL);
    }
  }

  abstract Derivation derivation();

  /** How often the derivation is to repeat itself for a new file. */
  abstract int iterations();

  /** The AES key of the file with this salt. */
  final SecretKey key(byte[] salt, int iterations) throws GeneralSecurityException {
    if (closed) { // what is left of a wiped one everybody knows
      throw new IllegalStateException(this + " is closed");
    }
    return derived(salt, iterations);
  }

  abstract SecretKey derived(byte[] salt, int iterations) throws GeneralSecurityException;

  abstract void wipe();

  /** Wipes the secret, which cannot be used any more. */
  @Override
  public final void close() {
    closed = true;
    wipe();
  }

  @Override
  public String toString() {
    return "FileSecret[" + derivation() + "]";
  }

  private static final class Passphrase extends FileSecret {
    private static final int KEY_BITS = 256;

    private final char[] text;
    private final int iterations;

    Passphrase(char[] text, int iterations) {
      this.text = text;
      this.iterations = iterations;
    }

    @Override
    Derivation derivation() {
      return Derivation.PBKDF2;
    }

    @Override
    int iterations() {
      return iterations;
    }

    @Override
    SecretKey derived(byte[] salt, int times) throws GeneralSecurityException {
      PBEKeySpec spec = new PBEKeySpec(text, salt, times, KEY_BITS);
      byte[] key = {};
      try {
        key =
            SecretKeyFactory.getInstance(derivation().algorithm())
                .generateSecret(spec)
                .getEncoded();
        return new SecretKeySpec(key, "AES"); // has a copy, which no one else can wipe
      } finally {
        spec.clearPassword();
        Arrays.fill(key, (byte) 0);
      }
    }

    @Override
    void wipe() {
      Arrays.fill(text, '\0');
    }
  }

  private static final class KeyFile extends FileSecret {
    private static final byte[] PURPOSE = "signet key file".getBytes(US_ASCII);
    private static final int KEY_BYTES = 32;

    private final byte[] content;

    KeyFile(byte[] content) {
      this.content = content;
    }

    @Override
    Derivation derivation() {
      return Derivation.HKDF;
    }

    @Override
    int iterations() {
      return 1; // nobody can guess it, at whatever speed
    }

    @Override
    SecretKey derived(byte[] salt, int times) throws GeneralSecurityException {
      HKDFParameterSpec extracted =
          HKDFParameterSpec.ofExtract()
              .addIKM(content)
              .addSalt(salt)
              .thenExpand(PURPOSE, KEY_BYTES);
      return KDF.getInstance(derivation().algorithm()).deriveKey("AES", extracted);
    }

    @Override
    void wipe() {
      Arrays.fill(content, (byte) 0);
    }
  }
}
