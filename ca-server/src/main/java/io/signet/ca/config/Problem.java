package io.signet.ca.config;

/**
 * One thing that is wrong with a configuration, told to a person.
 *
 * @param line where in the file, from 1; 0 when the problem has no place in it
 * @param key what is wrong, such as {@code svid.max-lifetime} or {@code attestation.unix[0].id}
 * @param found what stands there; never a secret
 * @param expected what should stand there
 */
public record Problem(int line, String key, String found, String expected) {
  /** A problem of values that were not read from a file. */
  static Problem of(String key, String found, String expected) {
    return new Problem(0, key, found, expected);
  }

  Problem atLine(int number) {
    return new Problem(number, key, found, expected);
  }

  /** {@code line 7: svid.max-lifetime: 30d (expected: ...)}. */
  @Override
  public String toString() {
    String place = line == 0 ? "" : "line " + line + ": ";
    return "%s%s: %s (expected: %s)".formatted(place, key, found, expected);
  }
}
