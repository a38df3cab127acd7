package io.signet.ca.rotation;

/** What an administrator asked for cannot be done as things are; the message says what can. */
public final class RefusedException extends Exception {

  private static final long serialVersionUID = 1L;

  public RefusedException(String message) {
    super(message);
  }
}
