package io.signet.ca.config;

/** A value that the design knows and this version does not. */
final class NotAvailableException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  NotAvailableException(String value) {
    super(value + ": not available yet");
  }
}
