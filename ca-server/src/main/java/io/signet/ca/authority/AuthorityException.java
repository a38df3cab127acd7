package io.signet.ca.authority;

import org.jspecify.annotations.Nullable;

/** There is no authority that can sign; the text says what is wrong and what to check. */
public final class AuthorityException extends Exception {

  private static final long serialVersionUID = 1L;

  AuthorityException(String message) {
    this(message, null);
  }

  AuthorityException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
