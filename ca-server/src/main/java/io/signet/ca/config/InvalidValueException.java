package io.signet.ca.config;

import java.util.Objects;

/** A record was asked to exist in a wrong state. */
final class InvalidValueException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  InvalidValueException(String key, String found, String expected) {
    super(Problem.of(key, found, expected).toString());
    this.problem = Problem.of(key, found, expected);
  }

  Problem problem() {
    return Objects.requireNonNull(problem);
  }

  static void require(boolean holds, String key, Object found, String expected) {
    if (!holds) {
      throw new InvalidValueException(key, found.toString(), expected);
    }
  }
}
