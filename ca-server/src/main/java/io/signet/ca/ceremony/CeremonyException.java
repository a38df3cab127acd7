package io.signet.ca.ceremony;

/** A ceremony that ended without a certificate; the text says why, for those who hold it. */
public final class CeremonyException extends Exception {

  private static final long serialVersionUID = 1L;

  CeremonyException(String message) {
    super(message);
  }

  CeremonyException(String message, Throwable cause) {
    super(message, cause);
  }
}
