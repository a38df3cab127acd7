package io.signet.attestation.oidc;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;

/**
 * A key of an issuer, and what verifies with it: made once, for that takes as long as to verify.
 */
record TrustedKey(JWK jwk, JWSVerifier verifier) {

  private static final int SHORTEST_RSA = 2048;

  /**
   * @throws IllegalArgumentException if no token can be checked with it; says why
   */
  static TrustedKey of(JWK jwk) {
    if (jwk.getKeyID() == null) {
      throw new IllegalArgumentException("a key without kid (expected: a kid in each)");
    }
    if (jwk.getKeyUse() != null && !KeyUse.SIGNATURE.equals(jwk.getKeyUse())) {
      throw unusable(jwk, "use " + jwk.getKeyUse(), "sig or none");
    }
    return new TrustedKey(jwk, verifier(jwk));
  }

  String id() {
    return jwk.getKeyID();
  }

  private static JWSVerifier verifier(JWK jwk) {
    try {
      return switch (jwk) {
        case ECKey ec -> new ECDSAVerifier(ec);
        case RSAKey rsa when rsa.size() >= SHORTEST_RSA -> new RSASSAVerifier(rsa);
        case RSAKey rsa -> throw unusable(jwk, rsa.size() + " bits", "at least " + SHORTEST_RSA);
        default -> throw unusable(jwk, jwk.getKeyType() + " key", "RSA or EC");
      };
    } catch (JOSEException e) {
      throw unusable(jwk, "cannot verify", "RSA, or EC on P-256, P-384 or P-521");
    }
  }

  static IllegalArgumentException unusable(JWK jwk, String found, String expected) {
    return new IllegalArgumentException(
        "key \"%s\": %s (expected: %s)".formatted(jwk.getKeyID(), found, expected));
  }
}
