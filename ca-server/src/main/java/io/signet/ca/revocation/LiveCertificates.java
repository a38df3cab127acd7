package io.signet.ca.revocation;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.x509.RevocationReason;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;

/**
 * What the ledger says of certificates that have not ended. Implementations are safe for use by
 * many threads.
 */
public interface LiveCertificates {

  /** The leaves of this identity, also those of which nobody knows whether they were signed. */
  List<Live> leavesOf(SpiffeId id, Instant now) throws LedgerException;

  /** Whose keys have signed leaves; reads all of them. */
  Set<AuthorityId> issuers(Instant now) throws LedgerException;

  /** The issuing authorities that this CA has signed, also those that may not have been signed. */
  List<Live> authoritiesOf(AuthorityId ca, Instant now) throws LedgerException;

  /** The issuing authorities that somebody else got from us. */
  List<Live> givenAuthorities(Instant now) throws LedgerException;

  /**
   * One of them.
   *
   * @param authority that has signed it
   */
  record Live(SerialNumber serial, AuthorityId authority, SpiffeId id, Instant notAfter) {

    /** As one that this person revokes now. */
    Revocation revoked(RevocationReason reason, Instant now, String by) {
      return new Revocation(
          serial, authority, id, reason, now.truncatedTo(ChronoUnit.SECONDS), by, notAfter);
    }
  }
}
