package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * The holders that are pods, so that nobody waits for one that was deleted. To be used in this
 * order, which no clock has a part in: {@link #present}, then the question to the clusters which
 * pods there are, then {@link #gone} with those that are not among them. A pod was there before it
 * could be a holder, and its UID never comes back. Safe for use by many threads.
 */
public interface PodHolders {

  /**
   * Pods of these clusters may become holders here, on this replica.
   *
   * @param ends when the last certificate will have expired that they can have got by the next call
   */
  void attested(Collection<String> clusters, Instant ends) throws LedgerException;

  /** The clusters whose pods may have a certificate that is still valid, of any replica. */
  Set<String> clusters(Instant now) throws LedgerException;

  /** The pods that have a certificate that is still valid, without those that are known as gone. */
  List<PodHolder> present(Instant now) throws LedgerException;

  /**
   * These are gone: they count no longer among {@link Holders}, but for while they are on an open
   * stream, and unless they get another certificate all the same. Once told they stay it.
   */
  void gone(Collection<PodHolder> pods) throws LedgerException;
}
