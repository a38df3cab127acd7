package io.signet.ca.cli;

/** A server that could not be started; the message is for the person who started it. */
public final class StartException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What failed, the value, and what was expected. */
  public StartException(String message) {
    super(message);
  }

  /** As above, with the cause for the log. */
  public StartException(String message, Throwable cause) {
    super(message, cause);
  }
}
