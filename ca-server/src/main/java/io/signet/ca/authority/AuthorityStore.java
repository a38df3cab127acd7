package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * Remembers which key is the root's: first its label, before the key is made (KC-7), then its
 * certificate; and the labels of the keys of issuing authorities that may exist. What is remembered
 * survives a crash as soon as a method returns.
 */
public interface AuthorityStore {

  /** The root, or the intent to make one; empty on a new store. */
  Optional<RootRecord> root() throws LedgerException;

  /** Remembers that a key of this label is about to be made to be the root. */
  void intend(KeyLabel label) throws LedgerException;

  /** Remembers the certificate of the root whose label was remembered before. */
  void establish(KeyLabel label, X509Certificate certificate) throws LedgerException;

  /** The labels of issuing keys that were intended and not forgotten. */
  List<KeyLabel> issuing() throws LedgerException;

  /** Remembers that an issuing key of this label is about to be made. */
  void intendIssuing(KeyLabel label) throws LedgerException;

  /** No issuing key of this label exists any more. */
  void forgetIssuing(KeyLabel label) throws LedgerException;

  /** What is remembered of a root; without a certificate it is only intended. */
  record RootRecord(KeyLabel label, Optional<X509Certificate> certificate) {}
}
