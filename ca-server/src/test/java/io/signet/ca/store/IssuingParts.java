package io.signet.ca.store;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.FakeAttestor;
import io.signet.attestation.Proof;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.FakeCall;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.ca.issuance.IssueSvid;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.Steps;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.hsm.KeyCustodian;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What issues in a server, put together as there, for one caller who is believed. */
final class IssuingParts {

  private static final Call CALL = FakeCall.from("10.0.0.1");
  private static final Evidence SHOWN = new Evidence.PeerCredentials(1000, 1000, 1);

  private IssuingParts() {}

  static Authorities authorities(
      Database database,
      KeyCustodian roots,
      KeyCustodian issuers,
      CertificateSigner signer,
      Clock clock)
      throws Exception {
    AuthorityPolicy policy = Fixtures.policy(Duration.ofDays(2));
    return Authorities.open(new SqlAuthorityStore(database), roots, issuers, signer, policy, clock);
  }

  static IssueSvid issuance(Authorities authorities, CertificateSigner signer, Clock clock) {
    return issuance(authorities, signer, Steps.unwatched(), clock);
  }

  static IssueSvid issuance(
      Authorities authorities, CertificateSigner signer, Steps steps, Clock clock) {
    FakeAttestor attestor =
        new FakeAttestor("fake")
            .answer(SHOWN, new Attestation.Proven(new Proof.LocalUser(Fixtures.CART, 1000, 1)));
    Entitlements entitlements =
        new Entitlements(Fixtures.DOMAIN, Duration.ofHours(1), Duration.ofHours(24), List.of());
    return new IssueSvid(
        new Attestors(List.of(attestor)),
        (_, _) -> Attestation.invalid("nobody may impersonate"),
        () -> entitlements,
        authorities,
        signer,
        Limits.none(),
        steps,
        clock);
  }

  static IssuanceOutcome ask(IssueSvid issuance) {
    return issuance.issue(
        new IssuanceRequest(CALL, List.of(SHOWN), Fixtures.CSR, Optional.empty()));
  }
}
