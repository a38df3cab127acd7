package io.signet.spiffe;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The serial number of a certificate.
 *
 * @param value positive and at most 20 octets (RFC 5280, section 4.1.2.2; SER-1)
 */
public record SerialNumber(BigInteger value) {
  private static final int MOST_OCTETS = 20;
  private static final int RANDOM_OCTETS = 17;
  private static final int HIGHEST_PREFIX = 0x7f;
  private static final int TICKS_PER_SECOND = 64;
  private static final int NANOS_PER_TICK = 1_000_000_000 / TICKS_PER_SECOND;
  private static final Pattern HEX = Pattern.compile("[0-9a-fA-F]{1,40}");

  /**
   * @throws IllegalArgumentException if the value is not positive or takes more than 20 octets
   */
  public SerialNumber {
    Objects.requireNonNull(value, "value");
    if (value.signum() <= 0) {
      throw new IllegalArgumentException(
          "serial number %s (expected: positive)".formatted(Shown.text(value.toString(16))));
    }
    int octets = value.bitLength() / Byte.SIZE + 1; // DER: one bit goes to the sign
    if (octets > MOST_OCTETS) {
      throw new IllegalArgumentException(
          "serial number: %d octets (expected: at most %d)".formatted(octets, MOST_OCTETS));
    }
  }

  /**
   * Draws a number of 20 octets: the prefix, two octets of the clock, then 136 random bits (SER-1).
   * Instances with different prefixes never draw the same number (SER-2).
   *
   * <p>The two octets count sixty-fourths of a second and come round every 17 minutes. They are
   * there for whoever keeps the numbers in order: those of one moment lie side by side, and to add
   * one does not touch another page of an index each time.
   *
   * @param instancePrefix 0x01 to 0x7f, a value no other instance of the authority uses
   * @throws IllegalArgumentException if the prefix is out of range
   */
  public static SerialNumber draw(int instancePrefix, Instant at, SecureRandom random) {
    if (instancePrefix < 1 || instancePrefix > HIGHEST_PREFIX) {
      throw new IllegalArgumentException(
          "instance prefix %d (expected: 1..%d)".formatted(instancePrefix, HIGHEST_PREFIX));
    }
    byte[] drawn = new byte[RANDOM_OCTETS];
    random.nextBytes(drawn);
    long ticks = at.getEpochSecond() * TICKS_PER_SECOND + at.getNano() / NANOS_PER_TICK;
    ByteBuffer number =
        ByteBuffer.allocate(MOST_OCTETS).put((byte) instancePrefix).putShort((short) ticks);
    return new SerialNumber(new BigInteger(number.put(drawn).array()));
  }

  /**
   * Reads hexadecimal digits of either case, without separators.
   *
   * @throws IllegalArgumentException if the text is not 1 to 40 such digits or the number is
   *     refused
   */
  public static SerialNumber parse(String hex) {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException(
          "serial number %s (expected: 1 to 40 hexadecimal digits)".formatted(Shown.text(hex)));
    }
    return new SerialNumber(new BigInteger(hex, 16));
  }

  /**
   * The serial number a certificate carries.
   *
   * @throws IllegalArgumentException if it is not positive or takes more than 20 octets
   */
  public static SerialNumber of(X509Certificate certificate) {
    return new SerialNumber(certificate.getSerialNumber());
  }

  /** Lower-case hexadecimal, two digits an octet. */
  @Override
  public String toString() {
    byte[] octets = value.toByteArray();
    int sign = octets[0] == 0 ? 1 : 0;
    return HexFormat.of().formatHex(octets, sign, octets.length);
  }
}
