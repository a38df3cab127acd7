package io.signet.ca.ledger;

import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.time.Instant;

/**
 * What is about to be signed.
 *
 * @param profile which kind of certificate, such as {@code leaf}
 * @param reason who gets it and what lets them, for an auditor (ISS-4)
 * @param issuerKeyId the subject key identifier of the key that signs
 * @param tbs the bytes to be signed, as they were linted (ISS-4)
 * @param receiver who gets it, and with what
 */
public record Intent(
    SerialNumber serial,
    SpiffeId id,
    String profile,
    String reason,
    byte[] issuerKeyId,
    byte[] tbs,
    Instant notAfter,
    Instant at,
    Receiver receiver) {

  /** For nobody who is waited for. */
  public Intent(
      SerialNumber serial,
      SpiffeId id,
      String profile,
      String reason,
      byte[] issuerKeyId,
      byte[] tbs,
      Instant notAfter,
      Instant at) {
    this(serial, id, profile, reason, issuerKeyId, tbs, notAfter, at, Receiver.NOBODY);
  }
}
