package io.signet.ca.delivery;

import org.jspecify.annotations.Nullable;

/** Something could not be renewed now; what there is stays in use. */
public final class RenewalException extends Exception {

  private static final long serialVersionUID = 1L;

  public RenewalException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
