package io.signet.ca.revocation;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CrlSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.x509.CrlTemplate.Entry;
import io.signet.hsm.CustodyException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Signs CRLs when there is a reason to, and keeps them. Safe for use by many threads. */
final class CrlPress {

  // RFC 5280, 4.2.1.3
  private static final int CRL_SIGN = 6;

  private final CrlStore store;
  private final Duration life;
  private final Clock clock;

  /**
   * @param life how long one is good at least of an authority whose key outlives us
   */
  CrlPress(CrlStore store, Duration life, Clock clock) {
    this.store = store;
    this.life = life;
    this.clock = clock;
  }

  /** Whether the CA's certificate lets it sign CRLs. */
  static boolean maySign(X509Certificate ca) {
    boolean @Nullable [] usage = ca.getKeyUsage();
    return usage == null || usage[CRL_SIGN];
  }

  /**
   * Signs the next CRL of an authority that dies with this process: what it leaves behind is never
   * out of date.
   *
   * @return whether it was due
   */
  boolean ofMortal(Authority by, Optional<Crl> newest, List<Revocation> revoked)
      throws CustodyException, LedgerException, SelfCheckException {
    return isDue(by, newest, revoked) && isSigned(by, newest, revoked, by.notAfter());
  }

  /**
   * Signs the next CRL of an authority whose key outlives this process: good for a while, but never
   * for less than what it lists.
   *
   * @return whether it was due
   */
  boolean ofLasting(Authority by, Optional<Crl> newest, List<Revocation> revoked)
      throws CustodyException, LedgerException, SelfCheckException {
    Instant next = later(clock.instant().plus(life), lastEnd(by, revoked));
    return isDue(by, newest, revoked)
        && isSigned(by, newest, revoked, earlier(next, by.notAfter()));
  }

  // When its root leaves the bundle, and its key is destroyed, nobody signs another one.
  private Instant lastEnd(Authority by, List<Revocation> revoked) {
    return living(AuthorityId.of(by.certificate()), revoked)
        .map(Revocation::notAfter)
        .max(Instant::compareTo)
        .map(end -> earlier(end, by.notAfter()))
        .orElse(Instant.MIN);
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private boolean isDue(Authority by, Optional<Crl> newest, List<Revocation> revoked) {
    if (!clock.instant().isBefore(by.notAfter())) {
      return false;
    }
    return newest.isEmpty()
        || isOld(newest.get(), by)
        || newest.get().isOverBefore(lastEnd(by, revoked))
        || lacksAny(newest.get(), revoked);
  }

  // Half of its life is left for a custodian that is away; the last one has no successor.
  private boolean isOld(Crl crl, Authority by) {
    Crl.Head head = crl.head();
    Duration half = Duration.between(head.thisUpdate(), head.nextUpdate()).dividedBy(2);
    return head.nextUpdate().isBefore(by.notAfter().truncatedTo(ChronoUnit.SECONDS))
        && !clock.instant().isBefore(head.thisUpdate().plus(half));
  }

  // What has expired leaves with the next one, and is no reason to sign it.
  private boolean lacksAny(Crl crl, List<Revocation> revoked) {
    return living(crl.authority(), revoked)
        .anyMatch(
            revocation -> crl.crl().getRevokedCertificate(revocation.serial().value()) == null);
  }

  private Stream<Revocation> living(AuthorityId by, List<Revocation> revoked) {
    Instant now = clock.instant();
    return revoked.stream()
        .filter(revocation -> revocation.authority().equals(by))
        .filter(revocation -> revocation.notAfter().isAfter(now));
  }

  private boolean isSigned(
      Authority by, Optional<Crl> newest, List<Revocation> revoked, Instant nextUpdate)
      throws CustodyException, LedgerException, SelfCheckException {
    AuthorityId authority = AuthorityId.of(by.certificate());
    Optional<Crl.Head> head = newest.map(Crl::head);
    // RFC 5280, 3.3: what has expired is in one more CRL after that.
    Instant since = head.map(Crl.Head::thisUpdate).orElse(Instant.MIN);
    List<Entry> entries =
        revoked.stream()
            .filter(revocation -> revocation.authority().equals(authority))
            .filter(revocation -> !revocation.notAfter().isBefore(since))
            .map(each -> new Entry(each.serial(), each.at(), each.reason()))
            .toList();
    long number = head.map(Crl.Head::number).orElse(0L) + 1;
    // It begins as long ago as certificates do, for clocks that are behind ours (PROF-3).
    Instant begin =
        clock.instant().minus(CertificateProfile.BACKDATE).truncatedTo(ChronoUnit.SECONDS);
    X509CRL crl =
        CrlSigner.sign(by, number, begin, nextUpdate.truncatedTo(ChronoUnit.SECONDS), entries);
    return store.keep(new Crl(authority, by.certificate(), by.notAfter(), crl));
  }
}
