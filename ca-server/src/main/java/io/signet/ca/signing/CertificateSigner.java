package io.signet.ca.signing;

import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.IssuanceRecorder;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Receiver;
import io.signet.ca.ledger.SerialTakenException;
import io.signet.ca.x509.CertificateBuilder;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.ca.x509.KeyIds;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyHandle;
import io.signet.spiffe.SerialNumber;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Signs certificates in the only order that is safe (issuance-safety, section 1): {@link #prepare}
 * builds and lints, {@link #intend} records and gives a ticket, {@link #sign} redeems it, and
 * {@link #record} keeps the result. Safe for use by many threads.
 */
public final class CertificateSigner {

  private static final int DRAWS = 3;

  /** The reason of certificates that nobody outside asked for. */
  public static final String OWN = "this authority needs it itself";

  private final IssuanceRecorder ledger;
  private final Supplier<SerialNumber> serials;
  private final Clock clock;

  public CertificateSigner(IssuanceRecorder ledger, Supplier<SerialNumber> serials, Clock clock) {
    this.ledger = ledger;
    this.serials = serials;
    this.clock = clock;
  }

  /** All three steps after the draft, for certificates that nobody outside asked for. */
  public X509Certificate issue(Draft draft)
      throws LedgerException, CustodyException, SelfCheckException {
    X509Certificate certificate = sign(intend(draft, OWN));
    record(certificate);
    return certificate;
  }

  /** Builds and lints a certificate that this authority shall sign (ISS-3). */
  public Draft prepare(CertificateProfile profile, CertificateTemplate template, Authority by)
      throws SelfCheckException {
    return prepare(profile, template, by.key(), Optional.of(by.certificate()));
  }

  /** Builds and lints a root that this key shall sign for itself. */
  public Draft prepareRoot(CertificateTemplate template, KeyHandle key) throws SelfCheckException {
    return prepare(CertificateProfile.ROOT, template, key, Optional.empty());
  }

  private Draft prepare(
      CertificateProfile profile,
      CertificateTemplate template,
      KeyHandle key,
      Optional<X509Certificate> issuer)
      throws SelfCheckException {
    SerialNumber serial = serials.get();
    byte[] tbs =
        issuer.isPresent()
            ? CertificateBuilder.tbs(template, serial, issuer.get(), key.algorithm())
            : CertificateBuilder.selfSignedTbs(template, serial, key.algorithm());
    Draft draft = new Draft(profile, template, serial, key, issuer, tbs);
    refuse("lint of a " + profile, CertificateLint.findings(draft));
    return draft;
  }

  /** The same for nobody who a rotation waits for. */
  public SigningTicket intend(Draft draft, String reason)
      throws LedgerException, SelfCheckException {
    return intend(draft, reason, _ -> Receiver.NOBODY);
  }

  /**
   * Records the intent; the ticket is the proof that it is durable. A serial number that was used
   * before is drawn again, before any signature (SER-2).
   *
   * @param reason who gets the certificate and what lets them, for people
   * @param receiver who gets the certificate of this serial number, for rotations
   */
  public SigningTicket intend(Draft draft, String reason, Function<SerialNumber, Receiver> receiver)
      throws LedgerException, SelfCheckException {
    Draft attempt = draft;
    for (int draw = 1; ; draw++) {
      try {
        ledger.intend(intent(attempt, reason, receiver.apply(attempt.serial())));
        return new SigningTicket(attempt);
      } catch (SerialTakenException taken) {
        if (draw == DRAWS) {
          throw taken;
        }
        attempt = prepare(draft.profile(), draft.template(), draft.key(), draft.issuer());
      }
    }
  }

  private Intent intent(Draft draft, String reason, Receiver receiver) {
    return new Intent(
        draft.serial(),
        draft.template().id(),
        draft.profile().toString(),
        reason,
        KeyIds.of(draft.key().publicKey()),
        draft.tbs(),
        draft.template().notAfter(),
        clock.instant(),
        receiver);
  }

  /**
   * Redeems the ticket. The signature was verified by the handle (KC-1) with the key that the
   * issuer's certificate names (KC-2); the certificate, read back, must hold exactly the bytes that
   * were linted (ISS-6, 7).
   */
  public X509Certificate sign(SigningTicket ticket) throws CustodyException, SelfCheckException {
    Draft draft = ticket.redeem();
    byte[] signature = draft.key().sign(draft.tbs());
    X509Certificate certificate = readBack(draft, signature);
    refuse("signed " + draft.profile(), differences(draft, certificate));
    return certificate;
  }

  /** Gives up what may be signed; the ticket is of no use any more. */
  public void withdraw(SigningTicket ticket) throws LedgerException {
    ledger.withdraw(ticket.redeem().serial());
  }

  /** Records that a certificate reached nobody after its result was recorded, and never will. */
  public void unreceived(X509Certificate certificate) throws LedgerException {
    ledger.unreceived(SerialNumber.of(certificate));
  }

  private static X509Certificate readBack(Draft draft, byte[] signature) throws SelfCheckException {
    try {
      return CertificateBuilder.assemble(draft.tbs(), draft.key().algorithm(), signature);
    } catch (IllegalStateException e) {
      throw new SelfCheckException(
          "signed " + draft.profile(), List.of(String.valueOf(e.getMessage())));
    }
  }

  private static List<String> differences(Draft draft, X509Certificate certificate) {
    try {
      return Arrays.equals(certificate.getTBSCertificate(), draft.tbs())
          ? List.of()
          : List.of("the signed bytes are not the bytes that were linted");
    } catch (CertificateEncodingException e) {
      return List.of("the signed bytes cannot be read back");
    }
  }

  private static void refuse(String what, List<String> findings) throws SelfCheckException {
    if (!findings.isEmpty()) {
      throw new SelfCheckException(what, findings);
    }
  }

  /** Records the result; only then may the certificate be released (ISS-8). */
  public void record(X509Certificate certificate) throws LedgerException {
    ledger.issued(SerialNumber.of(certificate), certificate.getSignature());
  }
}
