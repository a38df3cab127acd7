package io.signet.attestation.kubernetes;

import java.io.IOException;

/** Why an API server could not be asked; the message is for our log and names its address. */
final class ApiException extends IOException {

  private static final int GONE = 410;

  private final int code;

  /** Without an answer. */
  ApiException(String message) {
    this(0, message);
  }

  /** With an answer of this HTTP status, other than success. */
  ApiException(int code, String message) {
    super(message);
    this.code = code;
  }

  /** Whether the part of its history that we asked for is no longer there. */
  boolean isGone() {
    return code == GONE;
  }
}
