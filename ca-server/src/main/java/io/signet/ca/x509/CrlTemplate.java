package io.signet.ca.x509;

import io.signet.spiffe.SerialNumber;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a CRL shall say: all that its issuer has revoked (RFC 5280, 5).
 *
 * @param issuer the CA whose key signs it
 * @param number 1 or more, and higher than that of each earlier one of this issuer
 * @param nextUpdate until when nobody needs a newer one; whole seconds, as all times here
 */
public record CrlTemplate(
    X509Certificate issuer,
    long number,
    Instant thisUpdate,
    Instant nextUpdate,
    List<Entry> entries) {

  /** A certificate that is not to be believed any more. */
  public record Entry(SerialNumber serial, Instant at, RevocationReason reason) {}

  /**
   * @throws IllegalArgumentException if the number is not positive, it would be out of date at
   *     once, or a certificate is listed twice
   */
  public CrlTemplate {
    entries = List.copyOf(entries);
    if (number < 1) {
      throw new IllegalArgumentException("CRL number %d (expected: 1 or more)".formatted(number));
    }
    if (!nextUpdate.isAfter(thisUpdate)) {
      throw new IllegalArgumentException(
          "CRL from %s to %s (expected: an end after its beginning)"
              .formatted(thisUpdate, nextUpdate));
    }
    Set<SerialNumber> seen = new HashSet<>();
    for (Entry entry : entries) {
      if (!seen.add(entry.serial())) {
        throw new IllegalArgumentException(
            "serial number %s twice in a CRL (expected: once)".formatted(entry.serial()));
      }
    }
  }
}
