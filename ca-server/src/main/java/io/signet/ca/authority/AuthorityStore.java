package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.util.Optional;

/**
 * Remembers which key is the root's: first its label, before the key is made (KC-7), then its
 * certificate. What is remembered survives a crash as soon as a method returns.
 */
public interface AuthorityStore {

  /** The root, or the intent to make one; empty on a new store. */
  Optional<RootRecord> root() throws LedgerException;

  /** Remembers that a key of this label is about to be made to be the root. */
  void intend(KeyLabel label) throws LedgerException;

  /** Remembers the certificate of the root whose label was remembered before. */
  void establish(KeyLabel label, X509Certificate certificate) throws LedgerException;

  /** What is remembered of a root; without a certificate it is only intended. */
  record RootRecord(KeyLabel label, Optional<X509Certificate> certificate) {}
}
