package io.signet.ca.ledger;

import io.signet.spiffe.SerialNumber;

/** Says who gets a certificate as soon as it is known which one it will be. */
@FunctionalInterface
public interface Recipient {

  /** Nobody who is waited for. */
  Recipient NOBODY = (_, _) -> Receiver.NOBODY;

  /**
   * Who gets this one.
   *
   * @param serial of the certificate
   * @param generation of the root above it
   */
  Receiver of(SerialNumber serial, int generation);
}
