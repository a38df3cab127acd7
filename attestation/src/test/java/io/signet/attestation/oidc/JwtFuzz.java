package io.signet.attestation.oidc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Refusal;
import io.signet.attestation.TestClock;
import io.signet.spiffe.TrustDomain;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * CORP-7: any text as a token; and any header and claims as one that is signed well, for no
 * mutation ever comes behind a signature otherwise.
 */
final class JwtFuzz {

  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final String HEADER = "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"JWT\"}";
  private static final String CLAIMS =
      """
      {"iss":"https://issuer.example.org","aud":["istio-ca"],"exp":1795500000,"iat":1795400000,\
      "nbf":1795400000,"sub":"system:serviceaccount:shop:cart"}\
      """;
  private static final ECKey KEY = key();

  private final JWSSigner signer;
  private final JwtAttestor attestor;

  JwtFuzz() throws JOSEException {
    var clock = new TestClock(NOW);
    String jwks = new JWKSet(KEY.toPublicJWK()).toString();
    signer = new ECDSASigner(KEY);
    attestor =
        new JwtAttestor(
            new TrustedIssuer("https://issuer.example.org", "istio-ca"),
            new IssuerKeys("keys", () -> jwks, Duration.ofMinutes(5), Duration.ZERO, clock),
            new TrustDomain("example.org"),
            clock);
  }

  @MethodSource("seeds")
  @FuzzTest(maxExecutions = 20_000, maxDuration = "")
  void attest(byte[] input) throws JOSEException {
    String text = new String(input, UTF_8);
    requireOutcome(attestor.attest(new BearerToken(text, "")));
    requireOutcome(attestor.attest(new BearerToken(signed(text), "")));
  }

  private static void requireOutcome(Attestation attestation) {
    if (attestation instanceof Proven(var proof)) {
      assertThat(proof.id().toString())
          .matches("spiffe://example.org/ns/[-a-z0-9]+/sa/[-.a-z0-9]+");
    } else {
      assertThat(((Unproven) attestation).refusal())
          .isInstanceOfAny(Refusal.Missing.class, Refusal.Invalid.class);
    }
  }

  /** The text before the first line's end as the header, and what is behind it as the claims. */
  private String signed(String text) throws JOSEException {
    int end = text.indexOf('\n');
    String header = end < 0 ? HEADER : text.substring(0, end);
    String content = Base64URL.encode(header) + "." + Base64URL.encode(text.substring(end + 1));
    Base64URL signature = signer.sign(new JWSHeader(JWSAlgorithm.ES256), content.getBytes(UTF_8));
    return content + "." + signature;
  }

  static Stream<byte[]> seeds() throws JOSEException {
    return Stream.of(
            CLAIMS,
            HEADER + '\n' + CLAIMS,
            "null\nnull",
            HEADER.replace("}", ",\"crit\":[\"b64\"],\"b64\":false}") + '\n' + CLAIMS,
            CLAIMS.replace("[\"istio-ca\"]", "\"istio-ca\"").replace("1795500000", "1e99"),
            new JwtFuzz().signed(CLAIMS))
        .map(seed -> seed.getBytes(UTF_8));
  }

  private static ECKey key() {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID("k").generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }
}
