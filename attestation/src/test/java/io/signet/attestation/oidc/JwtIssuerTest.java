package io.signet.attestation.oidc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jwt.SignedJWT;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Proof.TokenSubject;
import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.TestClock;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JwtIssuerTest {

  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00.5Z");
  private static final ServiceAccountName WEB = new ServiceAccountName("default", "web");

  private final TestClock clock = new TestClock(NOW);
  private final KeyPair keys = ec("secp256r1");
  private final JwtIssuer issuer = new JwtIssuer("signet-dev", "istio-ca", "k1", clock);

  @Test
  void issue_checkedWithItsJwks_provenForTheTime() throws Exception {
    String token = issuer.issue(WEB, Duration.ofHours(1), this::sign);

    String jwks = JwtIssuer.jwks(keys.getPublic(), "k1");
    var attestor =
        new JwtAttestor(
            new TrustedIssuer("signet-dev", "istio-ca"),
            new IssuerKeys("keys", () -> jwks, Duration.ofMinutes(5), Duration.ZERO, clock),
            new TrustDomain("example.org"),
            clock);
    assertThat(attestor.attest(new BearerToken(token, "Kubernetes")))
        .isEqualTo(
            new Proven(
                new TokenSubject(
                    WEB.in(new TrustDomain("example.org")),
                    Optional.of(Instant.parse("2026-11-23T13:00:00Z")),
                    "signet-dev",
                    WEB.toString())));
  }

  // A DER signature has 8 to 72 bytes; short ones are padded, or one in 256 tokens is refused.
  @Test
  void issue_manySignatures_eachOf64Bytes() throws Exception {
    for (int i = 0; i < 300; i++) {
      String token = issuer.issue(WEB, Duration.ofSeconds(i + 1), this::sign);
      assertThat(SignedJWT.parse(token).getSignature().decode()).hasSize(64);
    }
  }

  @Test
  void issue_header_namesTheKey() throws Exception {
    var header = SignedJWT.parse(issuer.issue(WEB, Duration.ofHours(1), this::sign)).getHeader();
    assertThat(header.toString()).isEqualTo("{\"kid\":\"k1\",\"typ\":\"JWT\",\"alg\":\"ES256\"}");
  }

  @Test
  void issue_custodianFails_itsExceptionComesThrough() {
    assertThatThrownBy(() ->
            issuer.issue(
                WEB,
                Duration.ofHours(1),
                _ -> {
                  throw new IOException("token removed");
                }))
        .isInstanceOf(IOException.class)
        .hasMessage("token removed");
  }

  @Test
  void issue_noSignature_refused() {
    assertThatThrownBy(() -> issuer.issue(WEB, Duration.ofHours(1), _ -> new byte[64]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("signature");
  }

  @Test
  void issue_lessThanASecond_refused() {
    assertThatThrownBy(() -> issuer.issue(WEB, Duration.ofMillis(999), this::sign))
        .hasMessage("ttl: PT0.999S (expected: at least 1s)");
  }

  @Test
  void jwks_otherKey_refused() throws Exception {
    var rsa = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPublic();
    assertThatThrownBy(() -> JwtIssuer.jwks(rsa, "k")).hasMessageContaining("P-256");
    var p384 = ec("secp384r1").getPublic();
    assertThatThrownBy(() -> JwtIssuer.jwks(p384, "k")).hasMessageContaining("P-256");
  }

  @Test
  void jwks_key_publicMembersOnly() {
    assertThat(JwtIssuer.jwks(keys.getPublic(), "k1"))
        .contains("\"kid\":\"k1\"", "\"use\":\"sig\"", "\"alg\":\"ES256\"")
        .doesNotContain("\"d\"");
  }

  private byte[] sign(byte[] message) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(keys.getPrivate());
    signature.update(message);
    return signature.sign();
  }

  private static KeyPair ec(String curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
