package io.signet.attestation.kubernetes;

/** What is asked of pods cannot be told now. */
final class PodsUnknownException extends Exception {
  private static final long serialVersionUID = 1L;

  PodsUnknownException(String message) {
    super(message);
  }
}
