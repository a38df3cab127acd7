package io.signet.ca.ledger;

import io.signet.spiffe.SerialNumber;
import java.util.Optional;

/**
 * Who gets a certificate, and with what: a rotation waits for holders and asks the ledger what they
 * have.
 *
 * @param holder who gets it; empty for nobody who is waited for, such as ourselves
 * @param renewed the certificate that it replaces: whoever holds that one by the ledger is the
 *     holder of this one too, instead of the one that is given here
 * @param bundle the sequence of the bundle that goes with it, at least; 0 when it goes out on a
 *     stream, where only an acknowledgement counts
 * @param generation of the root above it
 */
public record Receiver(
    Optional<HolderKey> holder, Optional<SerialNumber> renewed, long bundle, int generation) {

  /** Nobody who is waited for. */
  public static final Receiver NOBODY = new Receiver(Optional.empty(), Optional.empty(), 0, 0);

  /** The same, in place of a certificate that it will never get. */
  public Receiver insteadOf(SerialNumber other) {
    return new Receiver(holder, Optional.of(other), bundle, generation);
  }
}
