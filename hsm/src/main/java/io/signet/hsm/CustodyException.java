package io.signet.hsm;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/** A custodian could not do what was asked. Its text never holds a PIN, passphrase or key. */
public final class CustodyException extends Exception {

  private static final long serialVersionUID = 1L;

  private final Fault fault;

  public CustodyException(Fault fault, String message) {
    this(fault, message, null);
  }

  public CustodyException(Fault fault, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.fault = requireNonNull(fault, "fault");
  }

  public Fault fault() {
    return fault;
  }
}
