package io.signet.ca.rotation;

/** A step of a rotation failed; it is tried again. */
public final class RotationException extends Exception {

  private static final long serialVersionUID = 1L;

  public RotationException(String message) {
    super(message);
  }

  public RotationException(String message, Throwable cause) {
    super(message, cause);
  }
}
