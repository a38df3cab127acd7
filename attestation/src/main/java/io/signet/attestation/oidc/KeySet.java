package io.signet.attestation.oidc;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The public keys of an issuer, of which at least one is usable. Keys that are of no use here are
 * left out (RFC 7517, section 5).
 */
final class KeySet {

  private final Map<String, TrustedKey> byId = new LinkedHashMap<>();
  private final List<String> leftOut = new ArrayList<>();

  private KeySet() {}

  /**
   * Reads a JWK set (RFC 7517).
   *
   * @throws IllegalArgumentException if it is none, no key in it is usable, two have the same id,
   *     or one is no public key: who gives that away is not to be believed with the others
   */
  static KeySet parse(String jwks) {
    KeySet set = new KeySet();
    for (Map<String, Object> key : keys(jwks)) {
      set.add(key);
    }
    if (set.byId.isEmpty()) {
      String why = set.leftOut.isEmpty() ? "" : ": " + String.join("; ", set.leftOut);
      throw new IllegalArgumentException("jwks: no keys (expected: at least one)" + why);
    }
    return set;
  }

  private static Map<String, Object>[] keys(String jwks) {
    try {
      Map<String, Object>[] keys =
          JSONObjectUtils.getJSONObjectArray(JSONObjectUtils.parse(jwks), "keys");
      if (keys != null) {
        return keys;
      }
    } catch (ParseException e) {
      // Its message may quote the set, which may hold a private key by mistake.
    }
    throw new IllegalArgumentException("jwks: not a JWK set (expected: RFC 7517, section 5)");
  }

  private void add(@Nullable Map<String, Object> json) {
    try {
      JWK jwk = JWK.parse(json == null ? Map.of() : json);
      if (jwk.isPrivate()) {
        throw refused(
            "private key \"%s\" (%s key)".formatted(jwk.getKeyID(), jwk.getKeyType()),
            "public keys only");
      }
      usable(jwk).ifPresent(this::add);
    } catch (ParseException e) {
      leftOut.add("a key of an unknown kind, or not whole");
    }
  }

  private Optional<TrustedKey> usable(JWK jwk) {
    try {
      return Optional.of(TrustedKey.of(jwk));
    } catch (IllegalArgumentException unusable) {
      leftOut.add(unusable.getMessage());
      return Optional.empty();
    }
  }

  private void add(TrustedKey key) {
    if (byId.putIfAbsent(key.id(), key) != null) {
      throw refused("kid \"" + key.id() + "\" twice", "one key for each kid");
    }
  }

  /** The key of this id, or the only one for who names none. */
  @Nullable TrustedKey find(@Nullable String id) {
    if (id != null) {
      return byId.get(id);
    }
    return byId.size() == 1 ? byId.values().iterator().next() : null;
  }

  Set<String> ids() {
    return byId.keySet();
  }

  /** The ids, and why keys are left out. */
  @Override
  public String toString() {
    return leftOut.isEmpty() ? ids().toString() : ids() + ", without " + leftOut;
  }

  private static IllegalArgumentException refused(String found, String expected) {
    return new IllegalArgumentException("jwks: %s (expected: %s)".formatted(found, expected));
  }
}
