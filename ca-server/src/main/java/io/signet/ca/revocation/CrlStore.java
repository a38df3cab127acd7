package io.signet.ca.revocation;

import io.signet.ca.ledger.LedgerException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The newest CRL of each of our authorities, by whichever replica it was signed. What is kept
 * survives a crash. Implementations are safe for use by many threads.
 */
public interface CrlStore {

  /** Of all authorities that have not ended. */
  List<Crl.Head> heads(Instant now) throws LedgerException;

  /** The newest of this authority. */
  Optional<Crl> find(AuthorityId authority) throws LedgerException;

  /**
   * Keeps a CRL instead of an earlier one of its authority.
   *
   * @return false when there is one of this number or a higher one: somebody else was faster, and
   *     nothing was kept
   */
  boolean keep(Crl crl) throws LedgerException;

  /**
   * Forgets those of authorities that ended before this.
   *
   * @return how many
   */
  int prune(Instant endedBefore) throws LedgerException;
}
