package io.signet.ca.issuance;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Impersonation;
import io.signet.attestation.Proof;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.IssuingAuthority;
import io.signet.ca.authorization.Decision.Denied;
import io.signet.ca.authorization.Decision.Granted;
import io.signet.ca.authorization.Decision.WrongKey;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Grant;
import io.signet.ca.authorization.KeyType;
import io.signet.ca.authorization.Wish;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Recipient;
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
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The journey of a certificate request; the numbers are those of docs/issuance.md. */
public final class IssueSvid implements Issuance {

  // More than one change at once is none that a person or a rotation makes.
  private static final int ATTEMPTS = 3;

  private final Attestors attestors;
  private final Impersonation impersonation;
  private final Supplier<Entitlements> entitlements;
  private final Authorities authorities;
  private final CertificateSigner signer;
  private final Limits limits;
  private final Steps steps;
  private final Clock clock;

  /**
   * @param steps told of each step, whoever it is taken for
   */
  public IssueSvid(
      Attestors attestors,
      Impersonation impersonation,
      Supplier<Entitlements> entitlements,
      Authorities authorities,
      CertificateSigner signer,
      Limits limits,
      Steps steps,
      Clock clock) {
    this.attestors = attestors;
    this.impersonation = impersonation;
    this.entitlements = entitlements;
    this.authorities = authorities;
    this.signer = signer;
    this.limits = limits;
    this.steps = steps;
    this.clock = clock;
  }

  @Override
  public IssuanceOutcome issue(IssuanceRequest request) {
    steps.begin(Step.ATTEST); // 2
    Attestation attested = attested(request);
    if (!(attested instanceof Proven(Proof proof))) {
      return refused(attested);
    }
    steps.begin(Step.WAIT);
    return limits.inTurn(proof, request.call(), () -> decided(proof, request)).by(proof);
  }

  // Whoever asks for the identity of another never gets its own instead.
  private Attestation attested(IssuanceRequest request) {
    Attestation caller = attestors.attest(request.shown());
    return caller instanceof Proven(Proof proof) && request.impersonated().isPresent()
        ? impersonation.impersonate(proof, request.impersonated().get())
        : caller;
  }

  private IssuanceOutcome decided(Proof proof, IssuanceRequest request) {
    steps.begin(Step.AUTHORIZE); // 3
    Entitlements now = entitlements.get();
    try {
      CertificateRequest csr = CsrParser.parse(request.csr(), now.hosts(proof));
      return switch (now.decide(proof, wish(request, csr))) {
        case Granted(Grant grant) ->
            granted(
                grant,
                Signing.reason(grant.reason(), proof),
                csr.publicKey(),
                bundle -> Recipients.client(proof, grant.id(), bundle));
        case Denied denied -> new Refused(Why.NOT_ENTITLED, denied.reason());
        case WrongKey wrong -> new Refused(Why.BAD_REQUEST, proof.id() + ": " + wrong.reason());
      };
    } catch (CsrException e) {
      return new Refused(Why.BAD_REQUEST, proof.id() + ": " + e.getMessage());
    }
  }

  private static Wish wish(IssuanceRequest request, CertificateRequest csr) {
    return new Wish(csr.uri(), request.lifetime(), Optional.of(KeyType.of(csr.publicKey())));
  }

  /**
   * Issues what was granted.
   *
   * @param holder who gets it on streams, as rotations count; empty for ourselves
   */
  public IssuanceOutcome granted(Grant grant, PublicKey key, Optional<HolderKey> holder) {
    return granted(grant, grant.reason(), key, _ -> Recipients.subscriber(holder));
  }

  private IssuanceOutcome granted(
      Grant grant, String reason, PublicKey key, LongFunction<Recipient> to) {
    return Signing.outcome(grant.id(), () -> signed(grant, reason, key, to));
  }

  private Issued signed(Grant grant, String reason, PublicKey key, LongFunction<Recipient> to)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    // Before the intent: the answer has this bundle at least.
    Recipient recipient = to.apply(authorities.bundle().sequence());
    Intended intended = intended(grant, reason, key, recipient);
    steps.begin(Step.SIGN); // 6
    X509Certificate leaf = signer.sign(intended.ticket());
    Issued issued = issued(grant, reason, leaf, intended.by());
    steps.begin(Step.RECORD); // 7
    signer.record(leaf);
    return issued;
  }

  /** What may be signed now, and by whom. */
  private record Intended(SigningTicket ticket, IssuingAuthority by) {}

  // The authority is looked at once more after the intent: either whoever waits until nobody gets
  // anything of it any more sees the intent, or we see that its time is over.
  private Intended intended(Grant grant, String reason, PublicKey key, Recipient first)
      throws AuthorityException, LedgerException, SelfCheckException {
    Recipient to = first;
    Optional<SigningTicket> givenUp = Optional.empty();
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      steps.begin(Step.PREPARE); // 4
      IssuingAuthority by = authorities.active();
      Draft draft = prepared(grant, key, by);
      steps.begin(Step.INTEND); // 5
      SigningTicket ticket = intend(draft, reason, to, by);
      withdraw(givenUp); // now that the next one has its holder
      if (authorities.isCurrent(by)) {
        return new Intended(ticket, by);
      }
      to = insteadOf(ticket, first);
      givenUp = Optional.of(ticket);
    }
    withdraw(givenUp);
    throw new AuthorityException("another CA took over %d times in a row".formatted(ATTEMPTS));
  }

  private void withdraw(Optional<SigningTicket> ticket) throws LedgerException {
    if (ticket.isPresent()) {
      signer.withdraw(ticket.get());
    }
  }

  private SigningTicket intend(Draft draft, String reason, Recipient to, IssuingAuthority by)
      throws LedgerException, SelfCheckException {
    return signer.intend(draft, reason, serial -> to.of(serial, by.generation()));
  }

  // The first one is never signed; its holder gets the next one in its place.
  private static Recipient insteadOf(SigningTicket unsigned, Recipient to) {
    return (serial, generation) -> to.of(serial, generation).insteadOf(unsigned.serial());
  }

  private Draft prepared(Grant grant, PublicKey key, IssuingAuthority by)
      throws SelfCheckException {
    Instant now = clock.instant();
    Instant wanted = now.plus(grant.lifetime());
    // ISS-1: mesh protocols expect a clamp where the issuer ends earlier.
    Instant end = by.authority().notAfter();
    Instant notAfter = wanted.isBefore(end) ? wanted : end;
    return signer.prepare(
        CertificateProfile.LEAF,
        CertificateProfile.leaf(grant.id(), grant.hosts(), key, now, notAfter),
        by.authority());
  }

  // Before the result is recorded: what the ledger calls issued can be released (ISS-8).
  private Issued issued(Grant grant, String reason, X509Certificate leaf, IssuingAuthority by) {
    List<X509Certificate> chain = Stream.concat(Stream.of(leaf), by.chain().stream()).toList();
    return new Issued(
        new X509Svid(grant.id(), chain), authorities.bundle(), by.generation(), reason);
  }

  private static Refused refused(Attestation attested) {
    return Refused.of(((Unproven) attested).refusal());
  }
}
