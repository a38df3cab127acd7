package io.signet.ca.issuance;

import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Proof;
import io.signet.attestation.Proof.HeldSvid;
import io.signet.attestation.Refusal;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authorization.AuthorityDecision;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Recipient;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.x509.CsrException;
import io.signet.ca.x509.CsrParser;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.TrustBundle;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The journey of a request for an issuing authority: another server becomes a CA below ours. It is
 * that of an SVID, but that only a rule gives one, and that of the request nothing counts but its
 * key.
 */
public final class IssueAuthority implements Issuance {

  private static final long NO_BUNDLE = 0;

  private final Attestors attestors;
  private final Supplier<Entitlements> entitlements;
  private final Authorities authorities;
  private final Limits limits;
  private final Steps steps;

  /**
   * @param steps told of each step, whoever it is taken for
   */
  public IssueAuthority(
      Attestors attestors,
      Supplier<Entitlements> entitlements,
      Authorities authorities,
      Limits limits,
      Steps steps) {
    this.attestors = attestors;
    this.entitlements = entitlements;
    this.authorities = authorities;
    this.limits = limits;
    this.steps = steps;
  }

  @Override
  public IssuanceOutcome issue(IssuanceRequest request) {
    steps.begin(Step.ATTEST);
    return switch (attestors.attest(request.shown())) {
      case Unproven(Refusal refusal) -> Refused.of(refusal);
      case Proven(Proof proof) -> {
        steps.begin(Step.WAIT);
        yield limits.inTurn(proof, request.call(), () -> decided(proof, request)).by(proof);
      }
    };
  }

  private IssuanceOutcome decided(Proof proof, IssuanceRequest request) {
    steps.begin(Step.AUTHORIZE);
    if (request.impersonated().isPresent()) {
      return badRequest(
          proof, "an issuing authority in the name of another (expected: in its own)");
    }
    if (proof instanceof HeldSvid) {
      // Whoever has an authority can make any SVID, and would prove itself with it for ever.
      return new Refused(
          Why.NOT_ENTITLED,
          proof.id() + " asked for an issuing authority by an SVID (expected: another proof)");
    }
    AuthorityDecision decision = entitlements.get().decideAuthority(proof.id());
    if (!decision.granted()) {
      return new Refused(Why.NOT_ENTITLED, decision.reason());
    }
    try {
      PublicKey key = CsrParser.key(request.csr());
      return KeyAlgorithm.of(key).isPresent()
          ? granted(proof, Signing.reason(decision.reason(), proof), key, request)
          : badRequest(proof, wrongKey(key));
    } catch (CsrException e) {
      return badRequest(proof, String.valueOf(e.getMessage()));
    }
  }

  private static String wrongKey(PublicKey key) {
    return "%s key of a size without a name (expected: one of %s)"
        .formatted(key.getAlgorithm(), Arrays.toString(KeyAlgorithm.values()));
  }

  private static Refused badRequest(Proof proof, String detail) {
    return new Refused(Why.BAD_REQUEST, proof.id() + ": " + detail);
  }

  private IssuanceOutcome granted(
      Proof proof, String reason, PublicKey key, IssuanceRequest request) {
    return Signing.outcome(proof.id(), () -> signed(proof, reason, key, request));
  }

  private Issued signed(Proof proof, String reason, PublicKey key, IssuanceRequest request)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    steps.begin(Step.SIGN); // and all that belongs to it, as for an authority of our own
    Recipient client = Recipients.client(proof, proof.id(), held(request));
    int generation = authorities.generation();
    List<X509Certificate> chain = authorities.certify(key, request.lifetime(), reason, client);
    TrustBundle bundle = authorities.bundle();
    return new Issued(
        bundle.trustDomain().id(), chain, bundle, generation, reason, Optional.empty());
  }

  // Not the one of our answer: whom to trust it knows from elsewhere, and tells those below it so.
  private long held(IssuanceRequest request) {
    TrustBundle now = authorities.bundle();
    return request.trusts(now) ? now.sequence() : NO_BUNDLE;
  }
}
