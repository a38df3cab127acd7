package io.signet.ca.x509;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a certificate is revoked (RFC 5280, 5.3.1). What can be taken back, such as certificateHold,
 * is not among them: to deny an identity for some time is not a matter of certificates.
 */
public enum RevocationReason {
  UNSPECIFIED(0),
  KEY_COMPROMISE(1),
  CA_COMPROMISE(2),
  AFFILIATION_CHANGED(3),
  SUPERSEDED(4),
  CESSATION_OF_OPERATION(5),
  PRIVILEGE_WITHDRAWN(9);

  private final int code;

  RevocationReason(int code) {
    this.code = code;
  }

  /** As a CRL says it. */
  int code() {
    return code;
  }

  /** As people write it, such as {@code key-compromise}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The one of this label. */
  public static Optional<RevocationReason> named(String label) {
    return Arrays.stream(values()).filter(reason -> reason.label().equals(label)).findFirst();
  }

  /** All of them, as people write them. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(RevocationReason::label).toList();
  }
}
