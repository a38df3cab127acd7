package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.util.Optional;

/**
 * The keys of one kind that follow each other. All it does may be done again, also by another
 * replica. Safe for use by many threads.
 */
public interface RotatedKeys {

  /** Draws the label of a key that is to be made; no key has it. */
  KeyLabel fresh();

  /** The certificate of this generation; absent before it is made. */
  Optional<X509Certificate> certificate(Generation generation) throws LedgerException;

  /** Makes the key in its custodian and its certificate, whatever of that is not there. */
  void make(Generation next) throws RotationException, LedgerException;

  /**
   * Whether this key has signed a CRL, also if it revokes nothing; true of a key that signs none.
   */
  boolean hasCrl(Generation generation) throws LedgerException;

  /**
   * Revokes what this key has signed for CAs below it and has not ended, which may be in wrong
   * hands as the key is, and has the key sign that. Nobody needs any of it any more.
   *
   * @throws RotationException when the key could not sign it now
   */
  void revoke(Generation compromised) throws RotationException, LedgerException;

  /**
   * Whether nothing is left for {@link #revoke} to do: whoever asks is told of all of it, until the
   * last of it has ended; or nobody can be told any more, for the key is gone.
   */
  boolean isRevoked(Generation generation) throws LedgerException;

  /** Destroys the key, if it is there. */
  void destroy(Generation doomed) throws RotationException, LedgerException;
}
