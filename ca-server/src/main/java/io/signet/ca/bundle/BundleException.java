package io.signet.ca.bundle;

/** There is no bundle in what was found; the text says why, and what was expected. */
final class BundleException extends Exception {

  private static final long serialVersionUID = 1L;

  BundleException(String message) {
    super(message);
  }

  BundleException(Exception cause) {
    super(cause.getMessage(), cause);
  }
}
