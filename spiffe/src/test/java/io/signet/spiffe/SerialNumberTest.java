package io.signet.spiffe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SerialNumberTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  // SER-1: one prefix octet, and at least 136 random bits
  @ParameterizedTest
  @CsvSource({"1, 01", "16, 10", "127, 7f"})
  void draw_prefix_leads20Octets(int prefix, String digits) {
    SerialNumber drawn = SerialNumber.draw(prefix, NOW, RANDOM);
    assertThat(drawn.toString()).hasSize(40).startsWith(digits);
    assertThat(drawn.value().toByteArray()).hasSize(20);
  }

  // SER-1: leading zeroes of the random part must not shorten the number
  @Test
  void draw_zeroRandomBits_keepsTheLength() {
    assertThat(SerialNumber.draw(0x2a, Instant.EPOCH, new ZeroRandom()))
        .hasToString("2a" + "00".repeat(19));
  }

  @ParameterizedTest
  @CsvSource({
    "1970-01-01T00:00:00.015624999Z, 0000",
    "1970-01-01T00:00:00.015625Z,    0001",
    "1970-01-01T00:00:01Z,           0040",
    "1970-01-01T00:17:03.999Z,       ffff",
    "1970-01-01T00:17:04Z,           0000",
    "2026-11-23T12:00:00.5Z,         b020",
    "1969-12-31T23:59:59Z,           ffc0",
  })
  void draw_time_followsThePrefix(Instant at, String digits) {
    assertThat(SerialNumber.draw(1, at, RANDOM).toString().substring(2, 6)).isEqualTo(digits);
  }

  // SER-1
  @Test
  void draw_often_neverTheSame() {
    Set<SerialNumber> drawn = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      assertThat(drawn.add(SerialNumber.draw(1, NOW, RANDOM))).isTrue();
    }
  }

  // SER-1: 0x80 would need another octet for the sign
  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 0x80, 0x101})
  void draw_prefixOutOfRange_refused(int prefix) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SerialNumber.draw(prefix, NOW, RANDOM))
        .withMessage("instance prefix %d (expected: 1..127)", prefix);
  }

  // SER-1, RFC 5280 4.1.2.2
  @ParameterizedTest
  @ValueSource(strings = {"0", "-1"})
  void new_notPositive_refused(String value) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SerialNumber(new BigInteger(value)))
        .withMessage("serial number \"%s\" (expected: positive)", value);
  }

  // SER-1: 159 bits and a sign bit fill 20 octets
  @Test
  void new_20Octets_accepted() {
    BigInteger largest = BigInteger.ONE.shiftLeft(159).subtract(BigInteger.ONE);
    assertThat(new SerialNumber(largest)).hasToString("7f" + "ff".repeat(19));
  }

  // SER-1
  @Test
  void new_21Octets_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SerialNumber(BigInteger.ONE.shiftLeft(159)))
        .withMessage("serial number: 21 octets (expected: at most 20)");
  }

  @ParameterizedTest
  @CsvSource({"1, 01", "0a, 0a", "ABC, 0abc", "80, 80", "0001, 01", "ff00, ff00"})
  void parse_hex_printsWholeOctets(String hex, String printed) {
    assertThat(SerialNumber.parse(hex)).hasToString(printed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "+1", "0x1", "01:02", " 1", "g", "\u0661"})
  void parse_notHex_refused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SerialNumber.parse(text))
        .withMessageContaining("(expected: 1 to 40 hexadecimal digits)");
  }

  @Test
  void parse_41Digits_refused() {
    assertThatIllegalArgumentException().isThrownBy(() -> SerialNumber.parse("1".repeat(41)));
  }

  @Test
  void parse_zero_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SerialNumber.parse("00"))
        .withMessageContaining("positive");
  }

  @Test
  void parse_drawn_roundTrips() {
    for (int prefix = 1; prefix <= 0x7f; prefix++) {
      SerialNumber drawn = SerialNumber.draw(prefix, NOW, RANDOM);
      assertThat(SerialNumber.parse(drawn.toString())).isEqualTo(drawn);
    }
  }

  @Test
  void of_certificate_isItsSerialNumber() {
    var leaf = Vectors.certificate("leaf");
    assertThat(SerialNumber.of(leaf).value()).isEqualTo(leaf.getSerialNumber());
  }

  private static final class ZeroRandom extends SecureRandom {
    @Override
    public void nextBytes(byte[] bytes) {
      // a fresh array is all zeroes already
    }
  }
}
