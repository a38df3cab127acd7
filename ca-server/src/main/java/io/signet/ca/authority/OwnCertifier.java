package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Recipient;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.Draft;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.signing.SigningTicket;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyHandle;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Issuing authorities that the CA in our custodian signs. */
final class OwnCertifier implements Certifier {

  private static final Logger LOG = LoggerFactory.getLogger(OwnCertifier.class);

  private final Ca ca;
  private final CertificateSigner signer;
  private final AuthorityPolicy policy;
  private final Clock clock;

  OwnCertifier(Ca ca, CertificateSigner signer, AuthorityPolicy policy, Clock clock) {
    this.ca = ca;
    this.signer = signer;
    this.policy = policy;
    this.clock = clock;
  }

  @Override
  public void requireReady() throws AuthorityException {
    boolean root = ca.chain().withoutRoot().isEmpty();
    Ca.requireUsable(root ? "root" : "CA", ca.authority(), clock);
  }

  @Override
  public IssuingAuthority certify(KeyHandle key)
      throws CustodyException, LedgerException, SelfCheckException {
    Instant now = clock.instant();
    Instant end = end(now, policy.issuingLifetime());
    if (end.equals(ca.authority().notAfter())) {
      LOG.warn("the CA ends at {}, and with it all that it signs; have it certified anew", end);
    }
    X509Certificate certificate = signer.issue(draft(key.publicKey(), now, end));
    return new IssuingAuthority(
        ca.generation(), new Authority(key, certificate), chain(certificate), renewAt(now, end));
  }

  /**
   * Certifies the key of somebody else, at any time and for any thread.
   *
   * @param wish how long it shall live, which is at most as long as ours do; absent, zero or
   *     negative: as long
   * @param reason who gets it and what lets them, for the ledger
   * @param to who gets it, for rotations
   * @param isCurrent whether this CA still is the one that signs; asked once more after the intent
   * @return the certificate and what is above it, without the root
   */
  List<X509Certificate> certify(
      PublicKey key,
      Optional<Duration> wish,
      String reason,
      Recipient to,
      BooleanSupplier isCurrent)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    requireReady();
    Instant now = clock.instant();
    Draft draft = draft(key, now, end(now, lifetime(wish)));
    SigningTicket ticket = signer.intend(draft, reason, serial -> to.of(serial, ca.generation()));
    if (!isCurrent.getAsBoolean()) {
      signer.withdraw(ticket);
      throw new AuthorityException("another CA has just taken over; ask again");
    }
    X509Certificate certificate = signer.sign(ticket);
    signer.record(certificate);
    return chain(certificate);
  }

  /** Of the CA. */
  int generation() {
    return ca.generation();
  }

  private Duration lifetime(Optional<Duration> wish) {
    Duration most = policy.issuingLifetime();
    return wish.filter(Duration::isPositive)
        .filter(wanted -> wanted.compareTo(most) < 0)
        .orElse(most);
  }

  private Instant end(Instant now, Duration lifetime) {
    return earlier(now.plus(lifetime), ca.authority().notAfter());
  }

  private Draft draft(PublicKey key, Instant now, Instant end) throws SelfCheckException {
    return signer.prepare(
        CertificateProfile.ISSUING,
        CertificateProfile.issuing(policy.trustDomain(), key, now, end),
        ca.authority());
  }

  private List<X509Certificate> chain(X509Certificate certificate) {
    return Stream.concat(Stream.of(certificate), ca.chain().withoutRoot().stream()).toList();
  }

  // Half of its life is left for the leaves that it signed last (PROF-6). The last one before the
  // CA's end has no successor that could live longer.
  private Instant renewAt(Instant now, Instant end) {
    return end.isBefore(ca.authority().notAfter())
        ? now.plus(Duration.between(now, end).dividedBy(2))
        : end;
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
