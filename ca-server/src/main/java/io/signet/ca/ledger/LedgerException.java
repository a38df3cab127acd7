package io.signet.ca.ledger;

import org.jspecify.annotations.Nullable;

/** The ledger could not record or read. */
public class LedgerException extends Exception {

  private static final long serialVersionUID = 1L;

  public LedgerException(String message) {
    this(message, null);
  }

  public LedgerException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
