package io.signet.attestation.oidc;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.impl.ECDSA;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.signet.attestation.ServiceAccountName;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;

/**
 * Makes tokens that {@link JwtAttestor} accepts, as Kubernetes makes them for service accounts: for
 * development, where there is no Kubernetes. The key stays with its custodian. Safe for use by many
 * threads.
 */
public final class JwtIssuer {

  // RFC 7518, 3.4: the two numbers of an ES256 signature, 32 bytes each.
  private static final int ES256_SIGNATURE_BYTES = 64;

  private final String url;
  private final String audience;
  private final String kid;
  private final Clock clock;

  /** The power to sign with a P-256 key. */
  @FunctionalInterface
  public interface Signing<E extends Exception> {

    /** The ECDSA signature over the SHA-256 of the message, as JCA gives it: DER. */
    byte[] sign(byte[] message) throws E;
  }

  /**
   * @param url the issuer, the {@code iss} of the tokens
   * @param kid the name of the key in {@link #jwks}
   */
  public JwtIssuer(String url, String audience, String kid, Clock clock) {
    this.url = url;
    this.audience = audience;
    this.kid = kid;
    this.clock = clock;
  }

  /**
   * A compact JWT that proves the account for the given time, in whole seconds.
   *
   * @throws IllegalArgumentException if the time is shorter than a second, or what {@code signing}
   *     gives is not a signature
   * @throws E what {@code signing} throws
   */
  public <E extends Exception> String issue(
      ServiceAccountName account, Duration ttl, Signing<E> signing) throws E {
    if (ttl.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException("ttl: " + ttl + " (expected: at least 1s)");
    }
    var unsigned = new SignedJWT(header(), claims(account, ttl));
    byte[] message = unsigned.getSigningInput();
    return new String(message, StandardCharsets.US_ASCII) + '.' + jose(signing.sign(message));
  }

  private JWSHeader header() {
    return new JWSHeader.Builder(JWSAlgorithm.ES256).type(JOSEObjectType.JWT).keyID(kid).build();
  }

  private JWTClaimsSet claims(ServiceAccountName account, Duration ttl) {
    Instant now = clock.instant();
    return new JWTClaimsSet.Builder()
        .issuer(url)
        .audience(audience)
        .subject(account.toString())
        .issueTime(Date.from(now))
        .notBeforeTime(Date.from(now))
        .expirationTime(Date.from(now.plus(ttl)))
        .build();
  }

  private static Base64URL jose(byte[] der) {
    try {
      return Base64URL.encode(ECDSA.transcodeSignatureToConcat(der, ES256_SIGNATURE_BYTES));
    } catch (JOSEException e) {
      throw new IllegalArgumentException("signature: not ECDSA with P-256 in DER", e);
    }
  }

  /**
   * The JWK set (RFC 7517) with which the tokens can be checked.
   *
   * @throws IllegalArgumentException if it is not a P-256 key
   */
  public static String jwks(PublicKey key, String kid) {
    if (!(key instanceof ECPublicKey ec)
        || !Curve.P_256.equals(Curve.forECParameterSpec(ec.getParams()))) {
      throw new IllegalArgumentException(
          "key: " + key.getAlgorithm() + " (expected: EC on curve P-256)");
    }
    var jwk =
        new ECKey.Builder(Curve.P_256, ec)
            .keyID(kid)
            .algorithm(JWSAlgorithm.ES256)
            .keyUse(KeyUse.SIGNATURE)
            .build();
    return new JWKSet(jwk).toString();
  }
}
