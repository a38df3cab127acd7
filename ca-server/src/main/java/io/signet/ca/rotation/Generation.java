package io.signet.ca.rotation;

import io.signet.hsm.KeyLabel;

/**
 * One of the keys that follow each other, such as the roots of a trust domain.
 *
 * @param number 1 for the first, and one more for each that is made after it
 * @param label of its key in the custodian
 */
public record Generation(int number, KeyLabel label) {

  /** Of what was there before anything was rotated. */
  public static final int FIRST = 1;

  /**
   * @throws IllegalArgumentException if the number is not positive
   */
  public Generation {
    if (number < FIRST) {
      throw new IllegalArgumentException("generation %d (expected: 1 or more)".formatted(number));
    }
  }
}
