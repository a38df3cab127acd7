package io.signet.attestation.oidc;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.RSAKey;
import java.text.ParseException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Whose tokens are believed.
 *
 * @param url what {@code iss} must be, character by character
 * @param audience what {@code aud} must contain
 * @param jwks the issuer's public keys, a JWK set (RFC 7517)
 */
public record TrustedIssuer(String url, String audience, String jwks) {

  private static final int SHORTEST_RSA = 2048;

  /**
   * @throws IllegalArgumentException if a text is empty, or the keys are not public RSA keys of at
   *     least 2048 bits or EC keys, each with a key id of its own
   */
  public TrustedIssuer {
    requireText("issuer", url);
    requireText("audience", audience);
    requireUsable(parse(jwks).getKeys());
  }

  List<JWK> keys() {
    return parse(jwks).getKeys();
  }

  private static void requireText(String what, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(what + ": empty (expected: a text)");
    }
  }

  private static JWKSet parse(String jwks) {
    try {
      return JWKSet.parse(jwks);
    } catch (ParseException e) {
      // The message of the library may quote the set, which may hold a private key by mistake.
      throw new IllegalArgumentException("jwks: not a JWK set (expected: RFC 7517, section 5)");
    }
  }

  private static void requireUsable(List<JWK> keys) {
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("jwks: no keys (expected: at least one)");
    }
    Set<String> ids = new HashSet<>();
    for (JWK key : keys) {
      requireUsable(key);
      if (!ids.add(key.getKeyID())) {
        throw new IllegalArgumentException(
            "jwks: kid \"" + key.getKeyID() + "\" twice (expected: one key for each kid)");
      }
    }
  }

  private static void requireUsable(JWK key) {
    if (key.getKeyID() == null) {
      throw new IllegalArgumentException("jwks: a key without kid (expected: a kid in each)");
    }
    if (!KeyType.RSA.equals(key.getKeyType()) && !KeyType.EC.equals(key.getKeyType())) {
      throw unusable(key, key.getKeyType() + " key", "RSA or EC");
    }
    if (key.isPrivate()) {
      throw unusable(key, "private key", "public keys only");
    }
    if (key instanceof RSAKey rsa && rsa.size() < SHORTEST_RSA) {
      throw unusable(key, rsa.size() + " bits", "at least " + SHORTEST_RSA);
    }
  }

  private static IllegalArgumentException unusable(JWK key, String found, String expected) {
    return new IllegalArgumentException(
        "jwks: key \"%s\": %s (expected: %s)".formatted(key.getKeyID(), found, expected));
  }
}
