package io.signet.ca.issuance;

import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Proof;
import io.signet.attestation.Refusal;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.IssuingAuthority;
import io.signet.ca.authorization.Decision.Denied;
import io.signet.ca.authorization.Decision.Granted;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Grant;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.Draft;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.signing.SigningTicket;
import io.signet.ca.x509.CertificateRequest;
import io.signet.ca.x509.CsrException;
import io.signet.ca.x509.CsrParser;
import io.signet.hsm.CustodyException;
import io.signet.spiffe.X509Svid;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The journey of a certificate request; the numbers are those of docs/issuance.md. */
public final class IssueSvid implements Issuance {

  private final Attestors attestors;
  private final Entitlements entitlements;
  private final Authorities authorities;
  private final CertificateSigner signer;
  private final Clock clock;

  public IssueSvid(
      Attestors attestors,
      Entitlements entitlements,
      Authorities authorities,
      CertificateSigner signer,
      Clock clock) {
    this.attestors = attestors;
    this.entitlements = entitlements;
    this.authorities = authorities;
    this.signer = signer;
    this.clock = clock;
  }

  @Override
  public IssuanceOutcome issue(IssuanceRequest request) {
    return switch (attestors.attest(request.shown())) { // 2
      case Unproven unproven -> refused(unproven.refusal());
      case Proven proven -> requested(proven.proof(), request);
    };
  }

  private IssuanceOutcome requested(Proof proof, IssuanceRequest request) {
    try {
      CertificateRequest csr = CsrParser.parse(request.csr());
      return issue(proof, csr.uri(), csr.publicKey(), request.lifetime());
    } catch (CsrException e) {
      return new Refused(Why.BAD_REQUEST, proof.id() + ": " + e.getMessage());
    }
  }

  /**
   * Issues to a caller that was proven before, for a key that it is known to hold.
   *
   * @param name the identity it wishes; absent for its own
   */
  public IssuanceOutcome issue(
      Proof proof, Optional<String> name, PublicKey key, Optional<Duration> lifetime) {
    return switch (entitlements.decide(proof, name, lifetime)) { // 3
      case Denied denied -> new Refused(Why.NOT_ENTITLED, denied.reason());
      case Granted granted -> granted(granted.grant(), List.of(), key);
    };
  }

  /** Issues what was granted, with host names beside the identity where policy wants them. */
  public IssuanceOutcome granted(Grant grant, List<String> hosts, PublicKey key) {
    try {
      IssuingAuthority by = authorities.active();
      Draft draft = prepared(grant, hosts, key, by); // 4
      SigningTicket ticket = signer.intend(draft); // 5
      X509Certificate leaf = signer.sign(ticket); // 6
      signer.record(leaf); // 7
      return new Issued(svid(grant, leaf, by), authorities.bundle());
    } catch (AuthorityException e) {
      return refused(Why.NO_AUTHORITY, grant, e);
    } catch (LedgerException e) {
      return refused(Why.LEDGER_UNAVAILABLE, grant, e);
    } catch (CustodyException e) {
      return refused(Why.CUSTODY_UNAVAILABLE, grant, e);
    } catch (SelfCheckException e) {
      return refused(Why.SELF_CHECK_FAILED, grant, e);
    }
  }

  private Draft prepared(Grant grant, List<String> hosts, PublicKey key, IssuingAuthority by)
      throws SelfCheckException {
    Instant now = clock.instant();
    Instant wanted = now.plus(grant.lifetime());
    // ISS-1: mesh protocols expect a clamp where the issuer ends earlier.
    Instant end = by.authority().notAfter();
    Instant notAfter = wanted.isBefore(end) ? wanted : end;
    return signer.prepare(
        CertificateProfile.LEAF,
        CertificateProfile.leaf(grant.id(), hosts, key, now, notAfter),
        by.authority());
  }

  private static X509Svid svid(Grant grant, X509Certificate leaf, IssuingAuthority by) {
    return new X509Svid(grant.id(), Stream.concat(Stream.of(leaf), by.chain().stream()).toList());
  }

  private static Refused refused(Why why, Grant grant, Exception cause) {
    return new Refused(why, grant.id() + ": " + cause.getMessage());
  }

  private static Refused refused(Refusal refusal) {
    return switch (refusal) {
      case Refusal.Missing missing -> new Refused(Why.UNAUTHENTICATED, missing.detail());
      case Refusal.Invalid invalid -> new Refused(Why.UNAUTHENTICATED, invalid.detail());
      case Refusal.NoIdentity unknown -> new Refused(Why.NOT_ENTITLED, unknown.detail());
      case Refusal.Unavailable unavailable ->
          new Refused(Why.ATTESTATION_UNAVAILABLE, unavailable.detail());
    };
  }
}
