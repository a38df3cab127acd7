package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import java.time.Instant;

/** What is asked about the world before a rotation goes on; each is a moment. */
interface Facts {

  /** Whether there is a certificate of this generation. */
  boolean isMade(Generation generation) throws LedgerException;

  /** When the certificate of this generation ends. */
  Instant endOf(Generation generation) throws LedgerException;

  /**
   * Whether everything that the key of this generation has signed for CAs below it is revoked, as
   * {@link RotatedKeys#isRevoked}.
   */
  boolean isRevoked(Generation generation) throws LedgerException;

  /** Whether there is a CRL by the key of this generation, as {@link RotatedKeys#hasCrl}. */
  boolean hasCrl(Generation generation) throws LedgerException;

  /** Which replicas cannot use the key of this generation. */
  Progress unready(int generation) throws LedgerException;

  /** Which replicas and holders lack this version of the bundle. */
  Progress lacking(long bundle) throws LedgerException;

  /** Which replicas sign under this generation, and who may still show what was signed under it. */
  Progress under(int generation) throws LedgerException;
}
