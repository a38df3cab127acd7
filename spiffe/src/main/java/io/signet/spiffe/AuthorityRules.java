package io.signet.spiffe;

import java.security.cert.X509Certificate;

/**
 * The rules of X509-SVID for a certificate that signs others, be it in a chain or in a bundle. It
 * need not be an SVID itself, but where it has a SPIFFE ID it is one.
 */
final class AuthorityRules {

  private AuthorityRules() {}

  /**
   * @throws IllegalArgumentException if a rule is broken
   */
  static void require(X509Certificate authority) {
    if (!Certificates.isCa(authority)
        || !Certificates.allows(authority, Certificates.KEY_CERT_SIGN)) { // SPIFFE-21
      throw refused(authority, "no CA", "cA=true and keyCertSign");
    }
    if (!Certificates.isCritical(authority, Certificates.KEY_USAGE)) { // SPIFFE-25
      throw refused(authority, "key usage not critical", "critical");
    }
    Certificates.uris(authority).stream()
        .filter(SpiffeId::hasScheme)
        .map(SpiffeId::parse)
        .filter(SpiffeId::hasPath) // SPIFFE-22
        .forEach(id -> {
          throw refused(authority, "ID " + id, "an ID without a path");
        });
  }

  private static IllegalArgumentException refused(
      X509Certificate authority, String found, String expected) {
    return new IllegalArgumentException(
        "authority %s: %s (expected: %s)"
            .formatted(Shown.text(authority.getSubjectX500Principal().getName()), found, expected));
  }
}
