package io.signet.ca.ledger;

import io.signet.spiffe.SerialNumber;

/** The serial number was used before; draw another one (SER-2). */
public final class SerialTakenException extends LedgerException {

  private static final long serialVersionUID = 1L;

  public SerialTakenException(SerialNumber serial) {
    super("serial number " + serial + " is taken");
  }
}
