package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import java.util.List;
import java.util.Optional;

/**
 * What an administrator sees of rotations and does with them, on any replica. Every act is kept in
 * the journal with who did it and why. Safe for use by many threads; blocks.
 */
public interface RotationControl {

  /**
   * Where the rotation stands.
   *
   * @throws RefusedException saying whose the root is, when it is not rotated here
   */
  RotationStatus status() throws RefusedException, LedgerException;

  /** All our CAs, the newest first. */
  List<AuthorityStatus> authorities() throws LedgerException;

  /**
   * Begins a rotation.
   *
   * @param by who asks
   * @param reason why, for people
   * @param compromised the authority that is in wrong hands, by its key identifier in hex or the
   *     beginning of it; marks that of a rotation in progress too
   */
  void start(String by, String reason, Optional<String> compromised)
      throws RefusedException, LedgerException;

  /** Lets the present phase go on where the policy asks a person. */
  void approve(String by) throws RefusedException, LedgerException;

  /** Has the present phase go on without those who lag behind. */
  void force(String by, String reason) throws RefusedException, LedgerException;

  /** Goes back to the old authority. */
  void cancel(String by, String reason) throws RefusedException, LedgerException;
}
