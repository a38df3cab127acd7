package io.signet.ca.revocation;

import io.signet.ca.x509.RevocationReason;
import io.signet.spiffe.SpiffeId;
import java.time.Instant;

/**
 * An identity that nobody gets a certificate of until that is lifted.
 *
 * @param at whole seconds
 * @param by who denied it
 */
public record Denial(SpiffeId id, RevocationReason reason, Instant at, String by) {

  /** Why there is no certificate, for our log. */
  public String detail() {
    return "revoked: %s by %s at %s, until lifted".formatted(reason.label(), by, at);
  }
}
