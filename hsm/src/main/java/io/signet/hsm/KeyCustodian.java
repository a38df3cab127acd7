package io.signet.hsm;

import java.security.KeyPair;
import java.security.PublicKey;
import java.util.Optional;

/**
 * Keeps private keys and hands out the power to sign, never the key (key-custody, section 1).
 *
 * <p>A key has a label, chosen by the caller before the custodian has the key, and a public key.
 * The label makes creation idempotent (KC-7): after a crash {@link #find(KeyLabel)} tells whether
 * the key was made. The public key binds it to a certificate (KC-2): whoever has a certificate asks
 * with {@link #find(PublicKey)}, never by label alone (P11-11).
 *
 * <p>Handles stay good for as long as the custodian is open and the key exists, also across a
 * recovery of the device behind it. Implementations are safe for use by many threads, and after
 * {@link #close()} refuse every call with {@link Fault#LOST}. They never keep a caller waiting for
 * its turn without end (KC-4); whether a device that hangs is given up in time (KC-3), each says
 * itself.
 *
 * <p>Besides the faults that a method names, every call may fail as {@link Fault#BUSY}, {@link
 * Fault#LOST}, {@link Fault#DENIED} or {@link Fault#FATAL}, as these are explained there.
 */
public interface KeyCustodian extends AutoCloseable {

  /**
   * Makes a new key that stays in the custodian.
   *
   * @throws CustodyException {@link Fault#REJECTED} when the label is taken (never overwritten) or
   *     the algorithm is not supported, {@link Fault#BROKEN} when the new key does not sign right;
   *     it is then not kept
   */
  KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException;

  /**
   * Takes in a key that was made elsewhere; from then on it is as one that was made here. After a
   * crash {@link #find(KeyLabel)} tells whether it was taken in.
   *
   * @param key with a private half in memory, which stays the caller's to forget; it is shown to
   *     the custodian only when a signature of it verifies with the public half
   * @throws CustodyException {@link Fault#REJECTED} when the label is taken (never overwritten),
   *     the custodian has this key already, the algorithm is not supported, or the halves do not
   *     belong together; {@link Fault#BROKEN} when the custodian does not sign right with it; it is
   *     then not kept
   */
  KeyHandle importKey(KeyLabel label, KeyPair key) throws CustodyException;

  /**
   * The key made under this label.
   *
   * @throws CustodyException {@link Fault#BROKEN} when more than one key has it, or the key does
   *     not sign right; {@link Fault#REJECTED} when it is there and cannot be used as it is
   */
  Optional<KeyHandle> find(KeyLabel label) throws CustodyException;

  /**
   * The key whose public half this is, by its SubjectPublicKeyInfo, whatever other keys have its
   * label.
   *
   * @throws CustodyException {@link Fault#BROKEN} when it cannot be told from another key, or does
   *     not sign right; {@link Fault#REJECTED} when it is there and cannot be used as it is
   */
  Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException;

  /**
   * Destroys the key for good, the one of this public half and no other; its handles refuse from
   * then on with {@link Fault#REJECTED}. A key that is no longer there is no error.
   *
   * @throws CustodyException {@link Fault#BROKEN} when it cannot be told from another key, {@link
   *     Fault#REJECTED} as for {@link #find(PublicKey)}; it then was not destroyed
   */
  void destroy(KeyHandle key) throws CustodyException;

  /** How it stands, by what it knows: no device is asked. Also while it fails, or is closed. */
  CustodianStatus status();

  /** Releases the connection to the keys; the keys stay. */
  @Override
  void close();
}
