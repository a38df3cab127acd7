package io.signet.attestation.oidc;

/**
 * Whose tokens are believed.
 *
 * @param url what {@code iss} must be, character by character
 * @param audience what {@code aud} must contain
 */
public record TrustedIssuer(String url, String audience) {

  /**
   * @throws IllegalArgumentException if a text is empty
   */
  public TrustedIssuer {
    requireText("issuer", url);
    requireText("audience", audience);
  }

  private static void requireText(String what, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(what + ": empty (expected: a text)");
    }
  }
}
