package io.signet.e2e.bench;

/** A measurement that could not be made; the message is for the person who asked for it. */
final class BenchException extends Exception {

  private static final long serialVersionUID = 1L;

  BenchException(String message) {
    super(message);
  }

  BenchException(String message, Throwable cause) {
    super(message, cause);
  }
}
