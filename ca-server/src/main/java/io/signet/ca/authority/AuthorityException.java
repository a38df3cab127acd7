package io.signet.ca.authority;

import org.jspecify.annotations.Nullable;

/** There is no authority that can sign; the text says what is wrong and what to check. */
public final class AuthorityException extends Exception {

  private static final long serialVersionUID = 1L;

  public AuthorityException(String message) {
    this(message, null);
  }

  public AuthorityException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
