package io.signet.ca.revocation;

import io.signet.ca.x509.RevocationReason;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.time.Instant;

/**
 * A certificate that is not to be believed any more.
 *
 * @param authority whose CRL says so
 * @param id whose it was
 * @param at whole seconds, as a CRL has them
 * @param by who revoked it
 * @param notAfter when it ends anyway
 */
public record Revocation(
    SerialNumber serial,
    AuthorityId authority,
    SpiffeId id,
    RevocationReason reason,
    Instant at,
    String by,
    Instant notAfter) {}
