package io.signet.attestation.kubernetes;

import java.io.IOException;
import java.util.Set;

/** Why an API server could not be asked; the message is for our log and names its address. */
final class ApiException extends IOException {

  // 410: that part of its history is gone. 400 and 504: it knows no such version, as after it was
  // restored from a backup.
  private static final Set<Integer> WITHOUT_POSITION = Set.of(400, 410, 504);

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

  /** Whether its history cannot be followed from where we were. */
  boolean losesPosition() {
    return WITHOUT_POSITION.contains(code);
  }
}
