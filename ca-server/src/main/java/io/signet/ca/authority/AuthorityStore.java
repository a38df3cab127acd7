package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.KeyLabel;
import java.util.List;
import java.util.Optional;

/**
 * Remembers which keys are those of the CAs: first the label, before the key is made (KC-7), then
 * its certificate; and the labels of the keys of issuing authorities that may exist. What is
 * remembered survives a crash as soon as a method returns.
 */
public interface AuthorityStore {

  /** The first CA, or the intent to make it; the only one where it comes from elsewhere. */
  default Optional<CaRecord> ca() throws LedgerException {
    return ca(Ca.FIRST);
  }

  /** The CA of this generation, or the intent to make it; empty before that. */
  Optional<CaRecord> ca(int generation) throws LedgerException;

  /**
   * Remembers that a key of this label is about to be the CA's of this generation; to say so again
   * changes nothing.
   */
  void intend(int generation, KeyLabel label) throws LedgerException;

  /**
   * Remembers the chain of the CA whose label was remembered before, instead of an earlier one, but
   * never of a root of our own.
   */
  void establish(KeyLabel label, CaChain chain) throws LedgerException;

  /** The labels of issuing keys that were intended and not forgotten. */
  List<KeyLabel> issuing() throws LedgerException;

  /** Remembers that an issuing key of this label is about to be made. */
  void intendIssuing(KeyLabel label) throws LedgerException;

  /** No issuing key of this label exists any more. */
  void forgetIssuing(KeyLabel label) throws LedgerException;

  /** What is remembered of a CA; without a chain it is only intended. */
  record CaRecord(KeyLabel label, Optional<CaChain> chain) {}
}
