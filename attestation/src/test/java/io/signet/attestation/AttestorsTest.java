package io.signet.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.attestation.Proof.LocalUser;
import io.signet.attestation.Refusal.Invalid;
import io.signet.attestation.Refusal.Missing;
import io.signet.attestation.Refusal.NoIdentity;
import io.signet.attestation.Refusal.Unavailable;
import io.signet.spiffe.SpiffeId;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttestorsTest {

  private static final Evidence TOKEN = new BearerToken("a.b.c", "");
  private static final Evidence PEER = new PeerCredentials(1000, 1000, 7);

  private final FakeAttestor first = new FakeAttestor("first");
  private final FakeAttestor second = new FakeAttestor("second");
  private final Attestors attestors = new Attestors(List.of(first, second));

  // istio-ca, section 9: authenticators are asked in order, the first success wins.
  @Test
  void attest_firstProves_secondIsNotAsked() {
    first.answer(TOKEN, proven("one"));
    second.answer(TOKEN, proven("two"));

    assertThat(attestors.attest(List.of(TOKEN))).isEqualTo(proven("one"));
    assertThat(second.calls()).isZero();
  }

  @Test
  void attest_firstRefuses_secondProves() {
    first.answer(TOKEN, Attestation.invalid("expired"));
    second.answer(TOKEN, proven("two"));

    assertThat(attestors.attest(List.of(TOKEN))).isEqualTo(proven("two"));
  }

  // ISTIO-44: a foreign or expired certificate next to a good token must not refuse the token.
  @Test
  void attest_firstEvidenceInvalid_secondEvidenceProves() {
    first.answer(PEER, Attestation.invalid("uid 1000"));
    first.answer(TOKEN, proven("one"));

    assertThat(attestors.attest(List.of(PEER, TOKEN))).isEqualTo(proven("one"));
  }

  // ISTIO-32: "try again" is not a denial, and a denial is not "try again".
  @Test
  void attest_oneUnavailable_winsOverInvalidAndMissing() {
    first.answer(TOKEN, Attestation.invalid("expired"));
    second.answer(TOKEN, Attestation.unavailable("down"));

    assertThat(attestors.attest(List.of(PEER, TOKEN)))
        .isEqualTo(new Unproven(new Unavailable("second: down")));
  }

  @Test
  void attest_oneInvalid_winsOverMissing() {
    second.answer(TOKEN, Attestation.invalid("expired"));

    assertThat(attestors.attest(List.of(TOKEN)))
        .isEqualTo(new Unproven(new Invalid("second: expired")));
  }

  @Test
  void attest_oneWithoutIdentity_winsOverMissing() {
    second.answer(PEER, Attestation.noIdentity("uid 1000"));

    assertThat(attestors.attest(List.of(PEER)))
        .isEqualTo(new Unproven(new NoIdentity("second: uid 1000")));
  }

  @Test
  void attest_oneInvalid_winsOverNoIdentity() {
    first.answer(TOKEN, Attestation.invalid("expired"));
    second.answer(PEER, Attestation.noIdentity("uid 1000"));

    assertThat(attestors.attest(List.of(PEER, TOKEN)))
        .isEqualTo(new Unproven(new Invalid("first: expired")));
  }

  // ISTIO-33: all the reasons, since nobody knows which attestor was meant to accept it.
  @Test
  void attest_severalInvalid_detailNamesEach() {
    first.answer(TOKEN, Attestation.invalid("expired"));
    second.answer(TOKEN, Attestation.invalid("audience"));

    assertThat(attestors.attest(List.of(TOKEN)))
        .isEqualTo(new Unproven(new Invalid("first: expired; second: audience")));
  }

  @Test
  void attest_onlyMissing_detailNamesEach() {
    assertThat(attestors.attest(List.of(TOKEN)))
        .isEqualTo(new Unproven(new Missing("first: not programmed; second: not programmed")));
  }

  // ISTIO-91: no auth.
  @Test
  void attest_noEvidence_missing() {
    assertThat(attestors.attest(List.of()))
        .isEqualTo(new Unproven(new Missing("no evidence was shown")));
  }

  @Test
  void refusal_detailWithLineBreak_cannotForgeALogLine() {
    assertThat(new Invalid("a\nb\u2028").detail()).isEqualTo("a\\u000ab\\u2028");
  }

  @Test
  void refusal_longDetail_cut() {
    assertThat(new Invalid("x".repeat(100_000)).detail()).hasSizeLessThan(1_100).endsWith("...");
  }

  private static Attestation proven(String name) {
    return new Proven(new LocalUser(SpiffeId.parse("spiffe://td/" + name), 1, 1));
  }
}
