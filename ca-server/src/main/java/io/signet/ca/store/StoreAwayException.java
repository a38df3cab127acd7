package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;

/** The store does not answer, and may later. */
public final class StoreAwayException extends LedgerException {

  private static final long serialVersionUID = 1L;

  StoreAwayException(String message, Throwable cause) {
    super(message, cause);
  }
}
