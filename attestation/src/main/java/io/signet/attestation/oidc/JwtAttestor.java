package io.signet.attestation.oidc;

import com.nimbusds.jose.Algorithm;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestor;
import io.signet.attestation.CompactJws;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Proof.TokenSubject;
import io.signet.attestation.ServiceAccountName;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Proves a service account by a token that a trusted issuer signed (K8S-12, ISTIO-45). A token of
 * another issuer is not this attestor's to judge. Nobody is asked about a token; only for a key
 * that is not known the issuer's keys are read again, which blocks for some seconds at most. Safe
 * for use by many threads.
 */
public final class JwtAttestor implements Attestor {

  /** How far the issuer's clock may be ahead of ours. */
  static final Duration LEEWAY = Duration.ofSeconds(30);

  // Signatures only: with an HMAC, whoever can check a token could make one.
  private static final Set<JWSAlgorithm> ALLOWED =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private final TrustedIssuer issuer;
  private final IssuerKeys keys;
  private final TrustDomain trustDomain;
  private final Clock clock;

  /**
   * Gives identities of the trust domain to what the issuer's tokens name.
   *
   * @param keys of the issuer
   */
  public JwtAttestor(TrustedIssuer issuer, IssuerKeys keys, TrustDomain trustDomain, Clock clock) {
    this.issuer = issuer;
    this.keys = keys;
    this.trustDomain = trustDomain;
    this.clock = clock;
  }

  @Override
  public String name() {
    return "jwt";
  }

  @Override
  public Attestation attest(Evidence evidence) {
    if (!(evidence instanceof BearerToken bearer)) {
      return Attestation.missing("not a bearer token");
    }
    Optional<String> misfit = CompactJws.problem(bearer.token());
    if (misfit.isPresent()) {
      return Attestation.invalid(misfit.get());
    }
    try {
      return judge(parse(bearer.token()));
    } catch (ParseException unparsable) {
      // Its message may quote the token.
      return Attestation.invalid("not a signed JWT");
    } catch (RefusedToken refused) {
      return Attestation.invalid(refused.getMessage());
    } catch (IOException noKeys) {
      return Attestation.unavailable("keys: " + noKeys.getMessage());
    }
  }

  private static SignedJWT parse(String token) throws ParseException {
    try {
      return SignedJWT.parse(token);
    } catch (RuntimeException unexpected) {
      // Nimbus does not expect every JSON there: a header `null` gives a NullPointerException.
      throw new ParseException("no header", 0);
    }
  }

  // The signature last: for a token that is over anyway no key is looked for.
  private Attestation judge(SignedJWT token) throws ParseException, RefusedToken, IOException {
    Instant now = clock.instant();
    JWTClaimsSet claims = token.getJWTClaimsSet();
    if (!issuer.url().equals(claims.getIssuer())) {
      return Attestation.missing(
          "issuer: \"%s\" (expected: %s)".formatted(claims.getIssuer(), issuer.url()));
    }
    requireHeader(token.getHeader());
    requireAudience(claims);
    Instant until = requireTimes(claims, now);
    requireSignature(token, now);
    return proven(claims.getSubject(), until);
  }

  private static void requireHeader(JWSHeader header) throws RefusedToken {
    if (!ALLOWED.contains(header.getAlgorithm())) {
      throw new RefusedToken(
          "alg: %s (expected: one of RS, PS or ES, 256 to 512)".formatted(header.getAlgorithm()));
    }
    // RFC 7515, 4.1.11: what is critical and not understood is refused; we understand none.
    if (header.getCriticalParams() != null) {
      throw new RefusedToken("crit: " + header.getCriticalParams() + " (expected: none)");
    }
    if (header.getType() != null && !JOSEObjectType.JWT.equals(header.getType())) {
      throw new RefusedToken("typ: %s (expected: JWT or none)".formatted(header.getType()));
    }
  }

  private void requireSignature(SignedJWT token, Instant now) throws RefusedToken, IOException {
    TrustedKey key = key(token.getHeader(), now);
    try {
      if (!token.verify(key.verifier())) {
        throw new RefusedToken("the signature does not verify with key \"" + key.id() + '"');
      }
    } catch (JOSEException unfit) {
      throw new RefusedToken(
          "alg: %s does not fit key \"%s\"".formatted(token.getHeader().getAlgorithm(), key.id()));
    }
  }

  private TrustedKey key(JWSHeader header, Instant now) throws RefusedToken, IOException {
    TrustedKey key = key(header.getKeyID(), now);
    Algorithm only = key.jwk().getAlgorithm();
    if (only != null && !only.equals(header.getAlgorithm())) {
      throw new RefusedToken(
          "alg: %s (expected: %s, as key \"%s\" says)"
              .formatted(header.getAlgorithm(), only, key.id()));
    }
    return key;
  }

  private TrustedKey key(@Nullable String id, Instant now) throws RefusedToken, IOException {
    // The issuer may have a key that we have not seen yet.
    KeySet known = id == null ? keys.current() : keys.having(id, now);
    TrustedKey key = known.find(id);
    if (key == null) {
      throw new RefusedToken("kid: \"%s\" (expected: one of %s)".formatted(id, known.ids()));
    }
    return key;
  }

  private void requireAudience(JWTClaimsSet claims) throws RefusedToken {
    if (!claims.getAudience().contains(issuer.audience())) {
      throw new RefusedToken(
          "aud: %s (expected: with %s)".formatted(claims.getAudience(), issuer.audience()));
    }
  }

  private static Instant requireTimes(JWTClaimsSet claims, Instant now) throws RefusedToken {
    Instant until = instant(claims.getExpirationTime());
    if (until == null) {
      throw new RefusedToken("exp: absent (expected: a time)");
    }
    if (!now.isBefore(until)) {
      throw new RefusedToken("exp: %s (expected: after %s)".formatted(until, now));
    }
    requireReached("nbf", instant(claims.getNotBeforeTime()), now);
    requireReached("iat", instant(claims.getIssueTime()), now);
    return until;
  }

  private static @Nullable Instant instant(@Nullable Date date) {
    return date == null ? null : date.toInstant();
  }

  private static void requireReached(String claim, @Nullable Instant time, Instant now)
      throws RefusedToken {
    if (time != null && time.isAfter(now.plus(LEEWAY))) {
      throw new RefusedToken(
          "%s: %s (expected: at most %d s after %s)"
              .formatted(claim, time, LEEWAY.toSeconds(), now));
    }
  }

  private Attestation proven(@Nullable String subject, Instant until) throws RefusedToken {
    try {
      var account = ServiceAccountName.parse(String.valueOf(subject));
      return new Attestation.Proven(
          new TokenSubject(
              account.in(trustDomain), Optional.of(until), issuer.url(), account.toString()));
    } catch (IllegalArgumentException otherSubject) {
      throw new RefusedToken("sub: " + otherSubject.getMessage());
    }
  }

  /** Leaves the checks early; its message is the detail of the refusal. */
  private static final class RefusedToken extends Exception {
    private final String detail;

    RefusedToken(String detail) {
      super(detail, null, false, false);
      this.detail = detail;
    }

    @Override
    public String getMessage() {
      return detail;
    }
  }
}
