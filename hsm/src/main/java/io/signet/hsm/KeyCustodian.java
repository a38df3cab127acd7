package io.signet.hsm;

import java.security.PublicKey;
import java.util.Optional;

/**
 * Keeps private keys and hands out the power to sign, never the key (key-custody, section 1).
 *
 * <p>A key has a label, chosen by the caller before the key exists, and a public key. The label
 * makes creation idempotent (KC-7): after a crash {@link #find(KeyLabel)} tells whether the key was
 * made. The public key binds it to a certificate (KC-2): whoever has a certificate asks with {@link
 * #find(PublicKey)}, never by label alone (P11-11).
 *
 * <p>Handles stay good for as long as the custodian is open, also across a recovery of the device
 * behind it. Implementations are safe for use by many threads, answer every call within their own
 * deadline (KC-3), and after {@link #close()} refuse every call with {@link Fault#LOST}.
 */
public interface KeyCustodian extends AutoCloseable {

  /**
   * Makes a new key that stays in the custodian.
   *
   * @throws CustodyException {@link Fault#REJECTED} when the label is taken (never overwritten) or
   *     the algorithm is not supported
   */
  KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException;

  /**
   * The key made under this label.
   *
   * @throws CustodyException {@link Fault#BROKEN} when more than one key has it
   */
  Optional<KeyHandle> find(KeyLabel label) throws CustodyException;

  /** The key whose public half this is, by its SubjectPublicKeyInfo. */
  Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException;

  /** Destroys the key for good; a key that is no longer there is no error. */
  void destroy(KeyHandle key) throws CustodyException;

  /** Releases the connection to the keys; the keys stay. */
  @Override
  void close();
}
