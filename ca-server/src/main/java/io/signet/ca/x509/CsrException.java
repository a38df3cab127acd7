package io.signet.ca.x509;

/** A PKCS#10 request that is refused; the text says why and may go to the caller. */
public final class CsrException extends Exception {

  private static final long serialVersionUID = 1L;

  CsrException(String message) {
    super(message);
  }
}
