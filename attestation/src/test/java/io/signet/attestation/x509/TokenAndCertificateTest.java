package io.signet.attestation.x509;

import static io.signet.attestation.x509.Certified.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Evidence.ClientCertificate;
import io.signet.attestation.FakeAttestor;
import io.signet.attestation.Proof.HeldSvid;
import io.signet.attestation.Proof.TokenSubject;
import io.signet.attestation.Refusal;
import io.signet.attestation.TestClock;
import io.signet.attestation.x509.Certified.Shape;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A token and a client certificate on one call: what each of them is worth beside the other. */
final class TokenAndCertificateTest {

  private static final SpiffeId CART = SpiffeId.parse("spiffe://example.org/ns/shop/sa/cart");
  private static final SpiffeId SERVER = SpiffeId.parse("spiffe://example.org/signet/server");

  private static final Certified ROOT = Certified.root("Root 1");
  private static final Certified ISSUING = ROOT.authority("Issuing 1");
  private static final TrustBundle BUNDLE =
      new TrustBundle(
          new TrustDomain("example.org"), 1, List.of(ROOT.certificate()), Optional.empty());

  enum Token {
    GOOD,
    BAD,
    ABSENT,
    UNAVAILABLE
  }

  enum Certificate {
    GOOD,
    FOREIGN,
    EXPIRED,
    ABSENT
  }

  enum Outcome {
    /**
     * Who it is by the token, which tells more: it may name the pod, and can allow to impersonate.
     */
    TOKEN,
    CERTIFICATE,
    /** ISTIO-32: to be tried again. */
    UNAVAILABLE,
    INVALID,
    MISSING
  }

  // ISTIO-44: renewal with the certificate when the token is gone or cannot be judged; and a
  // foreign
  // or expired certificate next to a good token must not refuse the token.
  @ParameterizedTest
  @CsvSource({
    "GOOD,        GOOD,    TOKEN",
    "GOOD,        FOREIGN, TOKEN",
    "GOOD,        EXPIRED, TOKEN",
    "GOOD,        ABSENT,  TOKEN",
    "BAD,         GOOD,    CERTIFICATE",
    "BAD,         FOREIGN, INVALID",
    "BAD,         EXPIRED, INVALID",
    "BAD,         ABSENT,  INVALID",
    "ABSENT,      GOOD,    CERTIFICATE", // ISTIO-91: renewal with the certificate.
    "ABSENT,      FOREIGN, INVALID",
    "ABSENT,      EXPIRED, INVALID",
    "ABSENT,      ABSENT,  MISSING", // ISTIO-91: no auth.
    "UNAVAILABLE, GOOD,    CERTIFICATE",
    "UNAVAILABLE, FOREIGN, UNAVAILABLE",
    "UNAVAILABLE, EXPIRED, UNAVAILABLE",
    "UNAVAILABLE, ABSENT,  UNAVAILABLE"
  })
  void attest_tokenAndCertificate_outcome(Token token, Certificate certificate, Outcome outcome) {
    var tokens = new FakeAttestor("tokens");
    List<Evidence> shown = new ArrayList<>();
    shown(token, tokens).ifPresent(shown::add);
    shown(certificate).ifPresent(shown::add);
    var certificates =
        new ClientCertificateAttestor(() -> BUNDLE, SERVER, Distrust.NONE, new TestClock(NOW));

    var attested = new Attestors(List.of(certificates, tokens)).attest(shown);

    assertThat(outcome(attested)).as("%s", attested).isEqualTo(outcome);
  }

  private static Optional<Evidence> shown(Token token, FakeAttestor attestor) {
    var bearer = new BearerToken("a.b.c", "");
    return switch (token) {
      case GOOD -> {
        var proof = new TokenSubject(CART, Optional.empty(), "issuer", "cart");
        attestor.answer(bearer, new Proven(proof));
        yield Optional.of(bearer);
      }
      case BAD -> {
        attestor.answer(bearer, Attestation.invalid("expired"));
        yield Optional.of(bearer);
      }
      case UNAVAILABLE -> {
        attestor.answer(bearer, Attestation.unavailable("the API server does not answer"));
        yield Optional.of(bearer);
      }
      case ABSENT -> Optional.empty();
    };
  }

  private static Optional<ClientCertificate> shown(Certificate certificate) {
    return switch (certificate) {
      case GOOD -> Optional.of(ISSUING.workload(CART.toString()).shown());
      case FOREIGN -> Optional.of(Certified.root("Root 1").workload(CART.toString()).shown());
      case EXPIRED ->
          Optional.of(
              ISSUING.sign(Shape.workload(CART.toString()).until(NOW.minusSeconds(1))).shown());
      case ABSENT -> Optional.empty();
    };
  }

  private static Outcome outcome(Attestation attested) {
    return switch (attested) {
      case Proven(TokenSubject _) -> Outcome.TOKEN;
      case Proven(HeldSvid _) -> Outcome.CERTIFICATE;
      case Proven proven -> throw new AssertionError("proven by something else: " + proven);
      case Unproven(Refusal.Unavailable _) -> Outcome.UNAVAILABLE;
      case Unproven(Refusal.Invalid _) -> Outcome.INVALID;
      case Unproven(Refusal.Missing _) -> Outcome.MISSING;
      case Unproven(Refusal.NoIdentity none) -> throw new AssertionError("unexpected: " + none);
    };
  }
}
