package io.signet.ca.issuance;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Impersonation;
import io.signet.attestation.Proof;
import io.signet.attestation.Proof.Impersonated;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.IssuingAuthority;
import io.signet.ca.authorization.Decision;
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
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The journey of a certificate request; the numbers are those of docs/issuance.md. */
public final class IssueSvid implements Issuance {

  private static final Logger LOG = LoggerFactory.getLogger(IssueSvid.class);

  private final Attestors attestors;
  private final Impersonation impersonation;
  private final Entitlements entitlements;
  private final Authorities authorities;
  private final CertificateSigner signer;
  private final Clock clock;

  public IssueSvid(
      Attestors attestors,
      Impersonation impersonation,
      Entitlements entitlements,
      Authorities authorities,
      CertificateSigner signer,
      Clock clock) {
    this.attestors = attestors;
    this.impersonation = impersonation;
    this.entitlements = entitlements;
    this.authorities = authorities;
    this.signer = signer;
    this.clock = clock;
  }

  @Override
  public IssuanceOutcome issue(IssuanceRequest request) {
    Attestation attested = attested(request); // 2
    return attested instanceof Proven(Proof proof)
        ? withAsker(proof, issue(proof, request))
        : refused(attested);
  }

  // Whoever asks for the identity of another never gets its own instead.
  private Attestation attested(IssuanceRequest request) {
    Attestation caller = attestors.attest(request.shown());
    return caller instanceof Proven(Proof proof) && request.impersonated().isPresent()
        ? impersonation.impersonate(proof, request.impersonated().get())
        : caller;
  }

  private IssuanceOutcome issue(Proof proof, IssuanceRequest request) {
    try {
      CertificateRequest csr = CsrParser.parse(request.csr()); // 3
      Decision decision = entitlements.decide(proof, csr.uri(), request.lifetime());
      return decision instanceof Granted(Grant grant)
          ? granted(grant, List.of(), csr.publicKey()) // 4 to 7
          : refused(decision);
    } catch (CsrException e) {
      return new Refused(Why.BAD_REQUEST, proof.id() + ": " + e.getMessage());
    }
  }

  // ISTIO-33: the record names both, the workload and who asked in its name.
  private static IssuanceOutcome withAsker(Proof proof, IssuanceOutcome outcome) {
    if (!(proof instanceof Impersonated(_, ServiceAccount by))) {
      return outcome;
    }
    return switch (outcome) {
      case Issued issued -> new Issued(issued.svid(), issued.bundle(), Optional.of(by));
      case Refused refused -> new Refused(refused.why(), by.id() + " for " + refused.detail());
    };
  }

  /** Issues what was granted, with host names beside the identity where policy wants them. */
  public IssuanceOutcome granted(Grant grant, List<String> hosts, PublicKey key) {
    try {
      IssuingAuthority by = authorities.active();
      Draft draft = prepared(grant, hosts, key, by); // 4
      SigningTicket ticket = signer.intend(draft); // 5
      X509Certificate leaf = signer.sign(ticket); // 6
      Issued issued = issued(grant, leaf, by);
      signer.record(leaf); // 7
      return issued;
    } catch (AuthorityException e) {
      return refused(Why.NO_AUTHORITY, grant, e);
    } catch (LedgerException e) {
      return refused(Why.LEDGER_UNAVAILABLE, grant, e);
    } catch (CustodyException e) {
      return custodyRefused(grant, e);
    } catch (SelfCheckException e) {
      return alarmed(Why.SELF_CHECK_FAILED, grant, e);
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

  // Before the result is recorded: what the ledger calls issued can be released (ISS-8).
  private Issued issued(Grant grant, X509Certificate leaf, IssuingAuthority by) {
    List<X509Certificate> chain = Stream.concat(Stream.of(leaf), by.chain().stream()).toList();
    return new Issued(new X509Svid(grant.id(), chain), authorities.bundle());
  }

  private static Refused refused(Attestation attested) {
    return Refused.of(((Unproven) attested).refusal());
  }

  private static Refused refused(Decision decision) {
    return new Refused(Why.NOT_ENTITLED, ((Denied) decision).reason());
  }

  private static Refused refused(Why why, Grant grant, Exception cause) {
    return new Refused(why, grant.id() + ": " + cause.getMessage());
  }

  // What the custodian overcomes by itself is no alarm; what ends a key or the process is (KC-5).
  private static Refused custodyRefused(Grant grant, CustodyException e) {
    return switch (e.fault()) {
      case BROKEN, FATAL -> alarmed(Why.CUSTODY_UNAVAILABLE, grant, e);
      case BUSY, LOST, DENIED, REJECTED -> refused(Why.CUSTODY_UNAVAILABLE, grant, e);
    };
  }

  // KC-1: a wrong signature or certificate of ours is an alarm, whoever asked for it.
  private static Refused alarmed(Why why, Grant grant, Exception e) {
    LOG.error("nothing was issued to {}: {}", grant.id(), why, e);
    return refused(why, grant, e);
  }
}
