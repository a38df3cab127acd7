package io.signet.attestation.kubernetes;

/** A question to a cluster cannot be answered now. */
final class NoAnswerException extends Exception {
  private static final long serialVersionUID = 1L;

  NoAnswerException(String message) {
    super(message);
  }
}
