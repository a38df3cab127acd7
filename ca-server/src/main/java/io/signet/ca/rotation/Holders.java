package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/**
 * Who holds a bundle of ours, or a certificate, on all replicas together: everybody who has a
 * certificate that is still valid by the ledger, and everybody on an open stream. A holder is a
 * pod, a node or a connection where that is known; else each certificate is one by itself, because
 * nobody can tell who has what. Safe for use by many threads.
 */
public interface Holders {

  /**
   * Who has not got this version of the bundle or a newer one: a subscriber has what it has
   * acknowledged, a client what it was answered with.
   *
   * @param most how many laggards are named
   */
  Progress lacking(long bundle, Instant now, int most) throws LedgerException;

  /**
   * Who may still show a certificate under this generation: its holder has acknowledged, or was
   * answered with, none under another one since.
   *
   * @param most how many laggards are named
   */
  Progress under(int generation, Instant now, int most) throws LedgerException;

  /**
   * Keeps what was seen of these holders instead of what was kept of them before; in as few writes
   * as there can be.
   */
  void report(List<HolderReport> seen) throws LedgerException;

  /**
   * What was reported of these holders last, by each replica that did.
   *
   * @param holders their keys, at most some hundreds
   */
  List<HolderReport> reported(Collection<String> holders) throws LedgerException;
}
