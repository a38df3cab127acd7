package io.signet.attestation.kubernetes;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import java.text.ParseException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The public keys of a cluster at one moment. Keys and headers of another kind than the API server
 * makes are not used: such tokens are for the API server to judge.
 */
final class KeySet {

  private static final int SHORTEST_RSA = 2048;
  private static final Set<String> HEADER = Set.of("alg", "kid", "typ");

  private final Map<String, Key> byId = new HashMap<>();

  // A key's tokens all have the same header. Only those of good tokens are here.
  private final Map<String, Key> byHeader = new ConcurrentHashMap<>();

  /** A key, and what verifies with it: made once, for that takes as long as to verify. */
  final class Key {
    private final JWSHeader header;
    private final JWSVerifier verifier;

    private Key(JWSAlgorithm algorithm, JWSVerifier verifier) {
      this.header = new JWSHeader(algorithm);
      this.verifier = verifier;
    }

    boolean hasSigned(String token) {
      int end = token.lastIndexOf('.');
      try {
        boolean signed =
            verifier.verify(
                header,
                token.substring(0, end).getBytes(US_ASCII),
                new Base64URL(token.substring(end + 1)));
        if (signed) {
          byHeader.putIfAbsent(headerOf(token), this);
        }
        return signed;
      } catch (JOSEException unfit) {
        return false;
      }
    }
  }

  /**
   * @param jwks a JWK set (RFC 7517)
   * @throws ParseException if it is none
   */
  KeySet(String jwks) throws ParseException {
    for (JWK key : parse(jwks).getKeys()) {
      Key usable = usable(key);
      if (usable != null) {
        byId.put(key.getKeyID(), usable);
      }
    }
  }

  private static JWKSet parse(String jwks) throws ParseException {
    try {
      return JWKSet.parse(jwks);
    } catch (RuntimeException unexpected) {
      throw new ParseException("not a JWK set: " + unexpected, 0);
    }
  }

  private @Nullable Key usable(JWK key) {
    if (key.getKeyID() == null || key.getAlgorithm() == null) {
      return null;
    }
    JWSAlgorithm algorithm = JWSAlgorithm.parse(key.getAlgorithm().getName());
    try {
      return switch (key) {
        case RSAKey rsa when rsa.size() >= SHORTEST_RSA ->
            new Key(algorithm, new RSASSAVerifier(rsa.toRSAPublicKey()));
        case ECKey ec -> new Key(algorithm, new ECDSAVerifier(ec.toECPublicKey()));
        default -> null;
      };
    } catch (JOSEException unusable) {
      return null;
    }
  }

  boolean isEmpty() {
    return byId.isEmpty();
  }

  /**
   * The key that the token says it is signed with; empty if it is not here, or its header has
   * another form than that of the API server's tokens.
   *
   * @param token three base64url parts
   */
  Optional<Key> keyOf(String token) {
    String header = headerOf(token);
    Key key = byHeader.get(header);
    return Optional.ofNullable(key == null ? named(header) : key);
  }

  private static String headerOf(String token) {
    return token.substring(0, token.indexOf('.'));
  }

  private @Nullable Key named(String header) {
    try {
      JWSHeader parsed = JWSHeader.parse(new Base64URL(header));
      Key key = byId.get(String.valueOf(parsed.getKeyID()));
      return key != null && isUsual(parsed, key.header.getAlgorithm()) ? key : null;
    } catch (ParseException | RuntimeException noHeader) {
      // Nimbus does not expect every JSON there: `null` gives a NullPointerException.
      return null;
    }
  }

  private static boolean isUsual(JWSHeader header, JWSAlgorithm algorithm) {
    return HEADER.containsAll(header.getIncludedParams())
        && algorithm.equals(header.getAlgorithm())
        && (header.getType() == null || header.getType().equals(JOSEObjectType.JWT));
  }
}
