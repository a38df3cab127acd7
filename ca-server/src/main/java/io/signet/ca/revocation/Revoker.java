package io.signet.ca.revocation;

import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.LiveCertificates.Live;
import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.RefusedException;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.x509.RevocationReason;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an administrator revokes and lifts, on any replica. When a method returns, this replica has
 * acted on it and the others are told. Safe for use by many threads; blocks.
 */
public final class Revoker {

  private static final Logger LOG = LoggerFactory.getLogger(Revoker.class);

  private final Revocations revocations;
  private final CrlStore crls;
  private final LiveCertificates live;
  private final IssuanceLedger ledger;
  private final SpiffeId self;
  private final Changes changes;
  private final Look look;
  private final Listener listener;
  private final Clock clock;

  /** Acts on what has changed. */
  public interface Look {
    RevocationState now() throws LedgerException;
  }

  /** Hears what was done, for the audit; must not block. */
  public interface Listener {
    void revoked(Revocation revocation);

    void denied(Denial denial);

    void lifted(SpiffeId id, String by);
  }

  /**
   * What came of it.
   *
   * @param revoked what was not before
   * @param unlisted how many of those the CRL of their authority does not name yet: another replica
   *     signs it, soon, or never if it is gone
   * @param denied who gets no certificate any more
   */
  public record Done(List<Revocation> revoked, long unlisted, Optional<SpiffeId> denied) {}

  /**
   * @param self the server's own identity, which nobody else holds
   */
  public Revoker(
      Revocations revocations,
      CrlStore crls,
      LiveCertificates live,
      IssuanceLedger ledger,
      SpiffeId self,
      Changes changes,
      Look look,
      Listener listener,
      Clock clock) {
    this.revocations = revocations;
    this.crls = crls;
    this.live = live;
    this.ledger = ledger;
    this.self = self;
    this.changes = changes;
    this.look = look;
    this.listener = listener;
    this.clock = clock;
  }

  /** What is revoked and who is denied now. */
  public RevocationState state() throws LedgerException {
    return look.now();
  }

  /**
   * Revokes one certificate, of a workload or of an authority.
   *
   * @param by who asks
   * @throws RefusedException when there is none, or nobody believes it any more anyway
   */
  public Done revoke(SerialNumber serial, RevocationReason reason, String by)
      throws RefusedException, LedgerException {
    Instant now = clock.instant();
    Intent intent =
        ledger
            .find(serial)
            .map(LedgerEntry::intent)
            .orElseThrow(() ->
                new RefusedException(
                    "serial number %s is not in the ledger (expected: of a certificate that was signed here)"
                        .formatted(serial)));
    requireRevocable(intent, now);
    Revocation wanted =
        new Revocation(
            serial,
            AuthorityId.of(intent.issuerKeyId()),
            intent.id(),
            reason,
            now.truncatedTo(ChronoUnit.SECONDS),
            by,
            intent.notAfter());
    List<Revocation> added = revocations.add(List.of(wanted));
    if (added.isEmpty()) {
      throw new RefusedException(before(serial, intent.notAfter()));
    }
    return done(added, Optional.empty());
  }

  private static void requireRevocable(Intent intent, Instant now) throws RefusedException {
    if (intent.profile().equals(CertificateProfile.ROOT.toString())) {
      throw new RefusedException(
          ("serial number %s is that of a root, which no CRL can revoke (expected: signet rotation"
                  + " start --compromised)")
              .formatted(intent.serial()));
    }
    if (!now.isBefore(intent.notAfter())) {
      throw new RefusedException(
          "the certificate %s of %s expired at %s: nobody believes it any more"
              .formatted(intent.serial(), intent.id(), intent.notAfter()));
    }
  }

  private String before(SerialNumber serial, Instant notAfter) throws LedgerException {
    return revocations.endingFrom(notAfter).stream()
        .filter(revocation -> revocation.serial().equals(serial))
        .findFirst()
        .map(revocation ->
            "the certificate %s of %s was revoked at %s by %s: %s"
                .formatted(
                    serial,
                    revocation.id(),
                    revocation.at(),
                    revocation.by(),
                    revocation.reason().label()))
        .orElse("the certificate %s was revoked before".formatted(serial));
  }

  /**
   * Revokes all live certificates of an identity, and denies it new ones until that is lifted.
   *
   * @throws RefusedException when it is the server's own
   */
  public Done revoke(SpiffeId id, RevocationReason reason, String by)
      throws RefusedException, LedgerException {
    requireWorkload(id);
    Instant now = clock.instant();
    Denial denial = new Denial(id, reason, now.truncatedTo(ChronoUnit.SECONDS), by);
    // First, so that none is made that nobody revokes.
    if (revocations.deny(denial)) {
      listener.denied(denial);
    }
    return done(revocations.add(leaves(live, denial, now)), Optional.of(id));
  }

  private void requireWorkload(SpiffeId id) throws RefusedException {
    if (!id.memberOf(self.trustDomain()) || !id.hasPath()) {
      throw new RefusedException(
          "%s (expected: an ID with a path in %s)".formatted(id, self.trustDomain().id()));
    }
    if (id.equals(self)) {
      throw new RefusedException(
          "%s is the server itself (expected: the serial number of one of its certificates)"
              .formatted(id));
    }
  }

  /** What is to be revoked of somebody who is denied. */
  static List<Revocation> leaves(LiveCertificates live, Denial denial, Instant now)
      throws LedgerException {
    return live.leavesOf(denial.id(), now).stream()
        .map(leaf -> leaf.revoked(denial.reason(), now, denial.by()))
        .toList();
  }

  /**
   * Revokes one of our issuing authorities, and with it all that it has signed: the only way to
   * revoke what the authority of a replica that is gone has signed.
   *
   * @param keyId the beginning of its key identifier in hex
   */
  public Done revokeAuthority(String keyId, RevocationReason reason, String by)
      throws RefusedException, LedgerException {
    String wanted = keyId.toLowerCase(Locale.ROOT);
    List<Crl> found =
        look.now().crls().values().stream()
            .filter(crl -> !wanted.isEmpty() && crl.authority().hex().startsWith(wanted))
            .toList();
    if (found.size() != 1) {
      throw new RefusedException(
          "authority %s: %d of them (expected: one, by the beginning of its key identifier in hex)"
              .formatted(keyId, found.size()));
    }
    return revoke(SerialNumber.of(found.getFirst().ca()), reason, by);
  }

  /** Whether there is a CRL of the CA, or none is to come. */
  public boolean hasCrl(X509Certificate ca) throws LedgerException {
    return !CrlPress.maySign(ca) || crls.find(AuthorityId.of(ca)).isPresent();
  }

  /**
   * Revokes the issuing authorities that a CA has signed, for its key may be in wrong hands. Done
   * again, it has the CRL signed that could not be before.
   *
   * @param by who asks
   */
  public Done revokeBelow(X509Certificate ca, String by) throws LedgerException {
    Instant now = clock.instant();
    List<Revocation> all =
        live.authoritiesOf(AuthorityId.of(ca), now).stream()
            .map(one -> one.revoked(RevocationReason.CA_COMPROMISE, now, by))
            .toList();
    return done(revocations.add(all), Optional.empty());
  }

  /**
   * Whether {@link #revokeBelow} has nothing more to do: the CRL of the CA names all of them, and
   * is good for as long as somebody would believe one.
   */
  public boolean isRevokedBelow(X509Certificate ca) throws LedgerException {
    AuthorityId authority = AuthorityId.of(ca);
    List<Live> below = live.authoritiesOf(authority, clock.instant());
    return below.isEmpty() || crls.find(authority).filter(crl -> crl.ends(below)).isPresent();
  }

  /**
   * From now on the identity gets certificates again; what was revoked stays so.
   *
   * @throws RefusedException when it was not denied
   */
  public void lift(SpiffeId id, String by) throws RefusedException, LedgerException {
    if (!revocations.lift(id)) {
      throw new RefusedException(
          "%s is not denied (expected: one that signet svid revoked lists)".formatted(id));
    }
    listener.lifted(id, by);
    changes.announce();
    RevocationState _ = afterwards();
  }

  private Done done(List<Revocation> revoked, Optional<SpiffeId> denied) {
    revoked.forEach(listener::revoked);
    changes.announce();
    RevocationState now = afterwards();
    long unlisted = revoked.stream().filter(one -> !now.isListed(one)).count();
    return new Done(revoked, unlisted, denied);
  }

  // It is done, and whoever asked is told so, also when the store is lost right after.
  private RevocationState afterwards() {
    try {
      return look.now();
    } catch (LedgerException e) {
      LOG.warn("what was revoked is not acted on yet: {}", e.getMessage());
      return RevocationState.NONE;
    }
  }
}
