package io.signet.attestation.oidc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestor;
import io.signet.attestation.AttestorContract;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Proof.TokenSubject;
import io.signet.attestation.Refusal;
import io.signet.attestation.Refusal.Invalid;
import io.signet.attestation.Refusal.Missing;
import io.signet.attestation.TestClock;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JwtAttestorTest extends AttestorContract {

  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final TrustDomain TRUST_DOMAIN = new TrustDomain("example.org");
  private static final SpiffeId WEB = SpiffeId.parse("spiffe://example.org/ns/default/sa/web");
  private static final String ISSUER = "https://issuer.example.org";
  private static final Duration LEEWAY = JwtAttestor.LEEWAY;

  private static final ECKey EC256 = ec(Curve.P_256, "ec256");
  private static final ECKey EC384 = ec(Curve.P_384, "ec384");
  private static final ECKey EC521 = ec(Curve.P_521, "ec521");
  private static final RSAKey RSA = rsa();
  private static final ECKey FOREIGN = ec(Curve.P_256, "ec256");

  private final TestClock clock = new TestClock(NOW);
  private final JwtAttestor attestor = trusting(EC256, EC384, EC521, RSA);

  @Override
  protected Attestor attestor() {
    return attestor;
  }

  @Override
  protected Evidence good() {
    return new BearerToken(token(claims -> claims), "");
  }

  @Override
  protected SpiffeId identity() {
    return WEB;
  }

  @Override
  protected Evidence garbage(Random random) {
    return new BearerToken(noise(random, token(claims -> claims)), "");
  }

  // ISTIO-94: a valid token.
  @Test
  void attest_goodToken_provenUntilItsExpiry() {
    assertThat(attestor.attest(good()))
        .isEqualTo(
            new Proven(
                new TokenSubject(
                    WEB,
                    Optional.of(NOW.plusSeconds(600)),
                    ISSUER,
                    "system:serviceaccount:default:web")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
  void attest_rsaAlgorithms_proven(String algorithm) throws Exception {
    assertProven(signed(header(algorithm, "rsa"), new RSASSASigner(RSA)));
  }

  @ParameterizedTest
  @CsvSource({"ES256,ec256", "ES384,ec384", "ES512,ec521"})
  void attest_ecAlgorithms_proven(String algorithm, String kid) throws Exception {
    ECKey key = List.of(EC256, EC384, EC521).get(List.of("ec256", "ec384", "ec521").indexOf(kid));
    assertProven(signed(header(algorithm, kid), new ECDSASigner(key)));
  }

  // RFC 8725, 3.1 and 3.2: the two classic attacks.
  @Test
  void attest_algNone_invalid() {
    assertInvalid(new PlainJWT(valid().build()).serialize(), "not a signed JWT");
  }

  @Test
  void attest_hmacWithThePublicKeyAsSecret_invalid() throws Exception {
    byte[] publicKey = RSA.toRSAPublicKey().getEncoded();
    assertInvalid(signed(header("HS256", "rsa"), new MACSigner(publicKey)), "alg: HS256");
  }

  @Test
  void attest_algorithmOfAnotherKeyType_invalid() throws Exception {
    assertInvalid(
        signed(header("RS256", "ec256"), new RSASSASigner(RSA)), "does not fit key \"ec256\"");
    assertInvalid(
        signed(header("ES256", "ec384"), new ECDSASigner(EC256)), "does not fit key \"ec384\"");
  }

  @Test
  void attest_keySaysAnotherAlgorithm_invalid() throws Exception {
    var es256Only = trusting(new RSAKey.Builder(RSA).algorithm(JWSAlgorithm.RS256).build());
    String token = signed(header("PS256", "rsa"), new RSASSASigner(RSA));
    assertThat(refusal(es256Only.attest(bearer(token))).detail())
        .isEqualTo("alg: PS256 (expected: RS256, as key \"rsa\" says)");
  }

  @Test
  void attest_foreignKeyUnderAKnownId_invalid() throws Exception {
    assertInvalid(
        signed(header("ES256", "ec256"), new ECDSASigner(FOREIGN)), "signature does not verify");
  }

  @Test
  void attest_changedClaims_invalid() {
    String[] good = token(claims -> claims).split("\\.");
    String admin = token(claims -> claims.subject("system:serviceaccount:default:admin"));
    assertInvalid(
        good[0] + '.' + admin.split("\\.")[1] + '.' + good[2], "signature does not verify");
  }

  @Test
  void attest_unknownKid_invalidNamingTheKnown() throws Exception {
    assertInvalid(signed(header("ES256", "old"), new ECDSASigner(EC256)), "kid: \"old\"", "ec384");
  }

  @Test
  void attest_noKid_provenOnlyIfThereIsOneKey() throws Exception {
    String token = signed(new JWSHeader(JWSAlgorithm.ES256), new ECDSASigner(EC256));
    assertThat(trusting(EC256).attest(bearer(token))).isInstanceOf(Proven.class);
    assertInvalid(token, "kid: \"null\"");
  }

  // RFC 7515, 4.1.11
  @Test
  void attest_criticalHeader_invalid() throws Exception {
    var header =
        new JWSHeader.Builder(JWSAlgorithm.ES256)
            .keyID("ec256")
            .criticalParams(Set.of("x"))
            .customParam("x", 1)
            .build();
    assertInvalid(signed(header, new ECDSASigner(EC256)), "crit: [x]");
  }

  @Test
  void attest_typ_jwtOrNone() throws Exception {
    assertProven(signed(typed(null), new ECDSASigner(EC256)));
    assertProven(signed(typed("jwt"), new ECDSASigner(EC256)));
    assertInvalid(signed(typed("at+jwt"), new ECDSASigner(EC256)), "typ: at+jwt");
  }

  // Not this attestor's token: what others say of it must be heard.
  @Test
  void attest_foreignIssuer_missing() {
    assertThat(refusal(attest(claims -> claims.issuer("https://kubernetes.default.svc"))))
        .isInstanceOf(Missing.class);
    assertThat(refusal(attest(claims -> claims.issuer(null)))).isInstanceOf(Missing.class);
    assertThat(refusal(attest(claims -> claims.issuer(ISSUER + "/")))).isInstanceOf(Missing.class);
  }

  // ISTIO-45, ISTIO-94: any audience matches.
  @Test
  void attest_severalAudiences_provenWithOursAmongThem() {
    assertThat(attest(claims -> claims.audience(List.of("x", "istio-ca"))))
        .isInstanceOf(Proven.class);
  }

  // ISTIO-94: a token of another audience.
  @Test
  void attest_audienceOtherOrAbsent_invalid() {
    assertRefused(claims -> claims.audience("vault"), "aud: [vault]");
    assertRefused(claims -> claims.audience((String) null), "aud: []");
    assertRefused(claims -> claims.audience("istio-ca-x"), "aud: [istio-ca-x]");
  }

  @Test
  void attest_noExpiry_invalid() {
    assertRefused(claims -> claims.expirationTime(null), "exp: absent");
  }

  // ISTIO-94: an expired token.
  @Test
  void attest_untilTheSecondOfItsExpiry_proven() {
    Evidence good = good();
    clock.advance(Duration.ofMinutes(10).minusNanos(1));
    assertThat(attestor.attest(good)).isInstanceOf(Proven.class);

    clock.advance(Duration.ofNanos(1));
    assertThat(refusal(attestor.attest(good)).detail()).startsWith("exp: 2026-11-23T12:10:00Z");
  }

  @Test
  void attest_issuerClockAheadWithinLeeway_proven() {
    assertThat(attest(claims -> claims.notBeforeTime(date(LEEWAY)).issueTime(date(LEEWAY))))
        .isInstanceOf(Proven.class);
  }

  @Test
  void attest_issuerClockAheadBeyondLeeway_invalid() {
    Duration beyond = LEEWAY.plusSeconds(1);
    assertRefused(claims -> claims.notBeforeTime(date(beyond)), "nbf: 2026-11-23T12:00:31Z");
    assertRefused(claims -> claims.issueTime(date(beyond)), "iat: 2026-11-23T12:00:31Z");
  }

  // K8S-12, K8S-6, ISTIO-94: a subject that is no service account.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "web",
        "default:web",
        "system:serviceaccount:default",
        "system:serviceaccount:default:web:x",
        "system:serviceaccount:../x:web",
        "system:node:n:web"
      })
  void attest_subjectNoServiceAccount_invalid(String subject) {
    assertRefused(claims -> claims.subject(subject), "sub: ");
  }

  @Test
  void attest_subjectAbsent_invalid() {
    assertRefused(claims -> claims.subject(null), "sub: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "a.b.c", "x", "....", "eyJhbGciOiJFUzI1NiJ9.bm8.AA", "bnVsbA.e30.AA"})
  void attest_unparsable_invalid(String token) {
    assertInvalid(token, "not a signed JWT");
  }

  @Test
  void attest_tooLong_invalidWithoutParsing() {
    assertInvalid("x".repeat(20_000), "20000 characters (expected: at most 16384)");
  }

  @Test
  void attest_deeplyNestedClaims_invalid() {
    String nested = "{\"a\":" + "[".repeat(8_000) + "]".repeat(2_000) + "}";
    assertInvalid(base64("{\"alg\":\"ES256\"}") + '.' + base64(nested) + ".AA", "");
  }

  @Test
  void trustedIssuer_emptyTexts_refused() {
    assertThatThrownBy(() -> new TrustedIssuer("", "istio-ca")).hasMessageContaining("issuer");
    assertThatThrownBy(() -> new TrustedIssuer(ISSUER, " ")).hasMessageContaining("audience");
  }

  private void assertProven(String token) {
    assertThat(attestor.attest(bearer(token))).isInstanceOf(Proven.class);
  }

  private void assertInvalid(String token, String... details) {
    assertThat(refusal(attestor.attest(bearer(token))))
        .isInstanceOf(Invalid.class)
        .satisfies(refusal -> assertThat(refusal.detail()).contains(details));
  }

  private void assertRefused(UnaryOperator<JWTClaimsSet.Builder> change, String detail) {
    assertInvalid(token(change), detail);
  }

  private Attestation attest(UnaryOperator<JWTClaimsSet.Builder> change) {
    return attestor.attest(bearer(token(change)));
  }

  private static Refusal refusal(Attestation attestation) {
    return assertThat(attestation).asInstanceOf(type(Unproven.class)).actual().refusal();
  }

  private JwtAttestor trusting(JWK... keys) {
    String jwks = new JWKSet(List.of(keys)).toString();
    return new JwtAttestor(
        new TrustedIssuer(ISSUER, "istio-ca"),
        new IssuerKeys("keys", () -> jwks, Duration.ofMinutes(5), Duration.ZERO, clock),
        TRUST_DOMAIN,
        clock);
  }

  /** The valid token with one thing changed, signed with the P-256 key. */
  private static String token(UnaryOperator<JWTClaimsSet.Builder> change) {
    try {
      var token = new SignedJWT(header("ES256", "ec256"), change.apply(valid()).build());
      token.sign(new ECDSASigner(EC256));
      return token.serialize();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private static String signed(JWSHeader header, JWSSigner signer) throws Exception {
    var token = new SignedJWT(header, valid().build());
    token.sign(signer);
    return token.serialize();
  }

  private static JWTClaimsSet.Builder valid() {
    return new JWTClaimsSet.Builder()
        .issuer(ISSUER)
        .audience("istio-ca")
        .subject("system:serviceaccount:default:web")
        .issueTime(date(Duration.ZERO))
        .notBeforeTime(date(Duration.ZERO))
        .expirationTime(date(Duration.ofMinutes(10)));
  }

  private static Date date(Duration fromNow) {
    return Date.from(NOW.plus(fromNow));
  }

  private static JWSHeader header(String algorithm, String kid) {
    return new JWSHeader.Builder(JWSAlgorithm.parse(algorithm)).keyID(kid).build();
  }

  private static JWSHeader typed(@Nullable String type) {
    return new JWSHeader.Builder(JWSAlgorithm.ES256)
        .keyID("ec256")
        .type(type == null ? null : new JOSEObjectType(type))
        .build();
  }

  private static BearerToken bearer(String token) {
    return new BearerToken(token, "");
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static ECKey ec(Curve curve, String kid) {
    try {
      return new ECKeyGenerator(curve).keyID(kid).generate();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private static RSAKey rsa() {
    try {
      return new RSAKeyGenerator(2048).keyID("rsa").generate();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }
}
