package io.signet.hsm.soft;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.soft.FileSecret.Derivation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * A key in a file, encrypted under a {@link FileSecret}.
 *
 * <pre>
 * magic (8) version (1)                    SIGNETKY 1
 * kdf (2 + n) iterations (4) salt (16)     {@link FileSecret.Derivation} of the AES key
 * nonce (12)
 * name (2 + n) kind (2 + n)                whose file it is, and of what kind
 * public part (2 + n)
 * secret part and tag (n + 16)             AES-256-GCM; all of the above is authenticated with it
 * SHA-256 of all of the above (32)         tells a damaged file from a wrong secret
 * </pre>
 */
final class Envelope {

  private static final long MAGIC = 0x5349474E45544B59L; // SIGNETKY
  private static final int VERSION = 1;
  private static final int NONCE_SIZE = 12;
  private static final int TAG_BITS = 128;
  private static final String DIGEST = "SHA-256";
  private static final int DIGEST_SIZE = 32;

  // A damaged or forged count must not keep us busy for hours.
  private static final int MOST_ITERATIONS = 10_000_000;

  private final Path file;
  private final byte[] header;
  private final Derivation derivation;
  private final int iterations;
  private final byte[] salt;
  private final byte[] nonce;
  private final String name;
  private final String kind;
  private final byte[] publicPart;
  private final byte[] sealed;

  private Envelope(Path file, byte[] content) throws IOException, CustodyException {
    this.file = file;
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(content));
    if (in.readLong() != MAGIC || in.readUnsignedByte() != VERSION) {
      throw unknownFormat(file);
    }
    this.derivation = Derivation.of(in.readUTF()).orElseThrow(() -> unknownFormat(file));
    this.iterations = in.readInt();
    this.salt = in.readNBytes(Seal.SALT_SIZE);
    this.nonce = in.readNBytes(NONCE_SIZE);
    this.name = in.readUTF();
    this.kind = in.readUTF();
    this.publicPart = in.readNBytes(in.readUnsignedShort());
    this.header = Arrays.copyOf(content, content.length - in.available());
    this.sealed = in.readAllBytes();
    if (iterations < 1 || iterations > MOST_ITERATIONS) {
      throw broken(file, "asks for %d iterations".formatted(iterations));
    }
  }

  private static CustodyException unknownFormat(Path file) {
    return broken(file, "is of a format that this version of Signet does not know");
  }

  /** Reads a file without its secret part. */
  static Envelope parse(Path file, byte[] content) throws CustodyException {
    int size = content.length - DIGEST_SIZE;
    if (size < 0 || !Arrays.equals(content, size, content.length, sha256(content, size), 0, 32)) {
      throw broken(file, "is damaged");
    }
    try {
      return new Envelope(file, Arrays.copyOf(content, size));
    } catch (IOException e) {
      throw new CustodyException(Fault.BROKEN, "key file " + file + " is damaged", e);
    }
  }

  String name() {
    return name;
  }

  String kind() {
    return kind;
  }

  byte[] publicPart() {
    return publicPart.clone();
  }

  /**
   * The secret part; the caller wipes it.
   *
   * @throws CustodyException {@link Fault#DENIED} when it is not under this secret
   */
  byte[] open(FileSecret secret) throws CustodyException {
    if (secret.derivation() != derivation) {
      throw new CustodyException(
          Fault.DENIED,
          "key file %s is under a %s (expected: under a %s)"
              .formatted(file, derivation, secret.derivation()));
    }
    try {
      return cipher(Cipher.DECRYPT_MODE, secret.key(salt, iterations), nonce, header)
          .doFinal(sealed);
    } catch (AEADBadTagException e) {
      throw new CustodyException(
          Fault.DENIED,
          "key file %s: the %s is wrong, or somebody has changed the file"
              .formatted(file, derivation),
          e);
    } catch (GeneralSecurityException e) {
      throw new CustodyException(Fault.FATAL, "key file " + file + ": this JDK cannot open it", e);
    }
  }

  /** The content of a file that keeps this part under this seal. */
  static byte[] seal(String name, String kind, byte[] publicPart, byte[] secretPart, Seal seal)
      throws CustodyException {
    byte[] nonce = new byte[NONCE_SIZE];
    new SecureRandom().nextBytes(nonce);
    byte[] header = header(seal, nonce, name, kind, publicPart);
    try {
      byte[] sealed = cipher(Cipher.ENCRYPT_MODE, seal.key(), nonce, header).doFinal(secretPart);
      byte[] content = joined(header, sealed);
      return joined(content, sha256(content, content.length));
    } catch (GeneralSecurityException e) {
      throw new CustodyException(Fault.FATAL, name + ": this JDK cannot encrypt it", e);
    }
  }

  private static byte[] header(
      Seal seal, byte[] nonce, String name, String kind, byte[] publicPart) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(MAGIC);
      out.writeByte(VERSION);
      out.writeUTF(seal.derivation().algorithm());
      out.writeInt(seal.iterations());
      out.write(seal.salt());
      out.write(nonce);
      out.writeUTF(name);
      out.writeUTF(kind);
      out.writeShort(publicPart.length);
      out.write(publicPart);
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return bytes.toByteArray();
  }

  private static Cipher cipher(int mode, SecretKey key, byte[] nonce, byte[] header)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(header);
    return cipher;
  }

  private static byte[] joined(byte[] head, byte[] tail) {
    byte[] both = Arrays.copyOf(head, head.length + tail.length);
    System.arraycopy(tail, 0, both, head.length, tail.length);
    return both;
  }

  private static byte[] sha256(byte[] content, int size) {
    try {
      MessageDigest digest = MessageDigest.getInstance(DIGEST);
      digest.update(content, 0, size);
      return digest.digest();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + DIGEST, e);
    }
  }

  private static CustodyException broken(Path file, String why) {
    return new CustodyException(Fault.BROKEN, "key file " + file + " " + why);
  }
}
