package io.signet.ca.revocation;

import io.signet.ca.ledger.LedgerException;
import io.signet.spiffe.SpiffeId;
import java.time.Instant;
import java.util.List;

/**
 * What was revoked and who is denied, the same for all replicas. Whatever is written survives a
 * crash as soon as a method returns. Implementations are safe for use by many threads.
 */
public interface Revocations {

  /** Grows with each change, so that nobody needs to read what has not changed. */
  long version() throws LedgerException;

  /** Of certificates that end at this time or later; the oldest first. */
  List<Revocation> endingFrom(Instant time) throws LedgerException;

  /**
   * Revokes those that are not yet; what was revoked before stays as it was.
   *
   * @return those that were not
   */
  List<Revocation> add(List<Revocation> revoked) throws LedgerException;

  /** Who is denied, the oldest first. */
  List<Denial> denied() throws LedgerException;

  /**
   * Denies an identity.
   *
   * @return false when the identity was denied before, which stays as it was
   */
  boolean deny(Denial denial) throws LedgerException;

  /**
   * Denies it no longer.
   *
   * @return false when the identity was not denied
   */
  boolean lift(SpiffeId id) throws LedgerException;

  /**
   * Forgets what was revoked of certificates that ended before this.
   *
   * @return how many
   */
  int prune(Instant endedBefore) throws LedgerException;
}
