package io.signet.ca.revocation;

import static java.util.function.Predicate.not;

import io.signet.ca.authority.AuthorityException;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.LiveCertificates.Live;
import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.Leadership;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.SelfCheckException;
import io.signet.hsm.CustodyException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a CRL of each CA in the store: signs those whose keys are here, and knows those of all
 * other replicas. What it has seen last can be asked at any time. Safe for use by many threads.
 */
public final class CrlKeeper {

  private static final Logger LOG = LoggerFactory.getLogger(CrlKeeper.class);

  /** How long a CRL of a CA is good whose key outlives us; it is followed after half of that. */
  private static final Duration LIFE = Duration.ofDays(7);

  /** How long a new authority waits for its CRL to reach the proxies. */
  private static final Duration SPREADING = Duration.ofSeconds(10);

  // To look costs a walk over all live certificates.
  private static final Duration LOOK_AT_LEDGER = Duration.ofMinutes(1);

  /** How long a CRL may be missing before all are taken back. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** How long after a denial a replica may have issued that had not heard of it. */
  private static final Duration UNHEARD = Duration.ofMinutes(1);

  private final Revocations revocations;
  private final CrlStore store;
  private final LiveCertificates ledger;
  private final Leadership leadership;
  private final Changes changes;
  private final Pause pause;
  private final Clock clock;
  private final CrlPress press;
  private final CrlShelf shelf;
  private Known known = new Known(-1, List.of(), List.of());
  private Optional<Looked> looked = Optional.empty();
  private Optional<Instant> lacking = Optional.empty();
  private Instant swept = Instant.EPOCH;
  private volatile RevocationState state = RevocationState.NONE;

  /** Lets time pass. */
  public interface Pause {
    /** Returns after this time, or earlier when everything ends. */
    void of(Duration time);
  }

  /** What is in the store, as of a version. */
  private record Known(long version, List<Revocation> revoked, List<Denial> denied) {}

  /** What the ledger said. */
  private record Looked(Instant at, Coverage coverage) {}

  public CrlKeeper(
      Revocations revocations,
      CrlStore store,
      LiveCertificates ledger,
      Leadership leadership,
      Changes changes,
      Pause pause,
      Clock clock) {
    this.revocations = revocations;
    this.store = store;
    this.ledger = ledger;
    this.leadership = leadership;
    this.changes = changes;
    this.pause = pause;
    this.clock = clock;
    this.press = new CrlPress(store, LIFE, clock);
    this.shelf = new CrlShelf(store);
  }

  /** What was seen last. */
  public RevocationState state() {
    return state;
  }

  /**
   * Signs the first CRL of an authority that has signed nothing yet. While CRLs are delivered, this
   * returns when proxies can have it, for they refuse what a CA has signed that has none (FLD-4).
   *
   * @param isUrgent whether what there is until then is refused all the same, so that to wait would
   *     spare nobody anything
   */
  public void made(Authority issuing, boolean isUrgent)
      throws CustodyException, LedgerException, SelfCheckException {
    if (!CrlPress.maySign(issuing.certificate())) {
      return; // of a CA elsewhere, and Coverage tells what comes of it
    }
    boolean _ = press.ofMortal(issuing, Optional.empty(), List.of());
    changes.announce();
    if (!isUrgent && !living(revocations.endingFrom(clock.instant())).isEmpty()) {
      LOG.info("the new issuing authority waits {} for its CRL to reach the proxies", SPREADING);
      pause.of(SPREADING);
    }
  }

  /**
   * Looks at what has changed, and signs what is due. Nothing is signed or read again while nothing
   * has changed.
   *
   * @return what was seen
   */
  public synchronized RevocationState look(CrlSources sources) throws LedgerException {
    boolean leads = leadership.leads();
    read();
    if (leads && revokesLate()) {
      read();
    }
    Map<AuthorityId, Crl> crls = shelf.refreshed(clock.instant());
    List<String> problems = new ArrayList<>();
    if (signsDue(sources, leads, crls, problems)) {
      crls = shelf.refreshed(clock.instant());
      changes.announce();
    }
    state =
        new RevocationState(
            known.revoked(), known.denied(), crls.values(), delivery(sources, crls), problems);
    return state;
  }

  private void read() throws LedgerException {
    long version = revocations.version();
    if (version != known.version()) {
      known = new Known(version, revocations.endingFrom(horizon()), revocations.denied());
      looked = Optional.empty();
    }
  }

  // What has expired since the last CRL is to be in one more.
  private Instant horizon() throws LedgerException {
    Instant now = clock.instant();
    return store.heads(now).stream()
        .map(Crl.Head::thisUpdate)
        .min(Instant::compareTo)
        .filter(first -> first.isBefore(now))
        .orElse(now);
  }

  // A replica may have signed for somebody after the others were asked what is to be revoked.
  private boolean revokesLate() throws LedgerException {
    Instant now = clock.instant();
    // One that was cut off may not have heard of it for long, but the ledger is not read at each
    // look.
    boolean all = !now.isBefore(swept.plus(LOOK_AT_LEDGER));
    if (all) {
      swept = now;
    }
    boolean any = false;
    for (Denial denial : known.denied()) {
      if (all || denial.at().plus(UNHEARD).isAfter(now)) {
        any |= !revocations.add(Revoker.leaves(ledger, denial, now)).isEmpty();
      }
    }
    return any;
  }

  private boolean signsDue(
      CrlSources sources, boolean leads, Map<AuthorityId, Crl> crls, List<String> problems) {
    boolean any = false;
    for (Authority issuing : signing(sources.issuing())) {
      any |= signs(issuing, crls, press::ofMortal, problems);
    }
    for (Authority ca : leads ? cas(sources, problems) : List.<Authority>of()) {
      any |= signs(ca, crls, press::ofLasting, problems);
    }
    return any;
  }

  private static List<Authority> cas(CrlSources sources, List<String> problems) {
    try {
      return signing(sources.cas());
    } catch (AuthorityException | CustodyException | LedgerException e) {
      problems.add("no CRL was signed by our CA: " + e.getMessage());
      return List.of();
    }
  }

  private static List<Authority> signing(List<Authority> all) {
    return all.stream().filter(one -> CrlPress.maySign(one.certificate())).toList();
  }

  private interface Act {
    boolean of(Authority by, Optional<Crl> newest, List<Revocation> revoked)
        throws CustodyException, LedgerException, SelfCheckException;
  }

  // One that cannot sign keeps no other from it.
  private boolean signs(Authority by, Map<AuthorityId, Crl> crls, Act act, List<String> problems) {
    Optional<Crl> newest = Optional.ofNullable(crls.get(AuthorityId.of(by.certificate())));
    try {
      return act.of(by, newest, known.revoked());
    } catch (CustodyException | LedgerException | SelfCheckException e) {
      problems.add(
          "the CRL of \"%s\" was not signed: %s"
              .formatted(by.certificate().getSubjectX500Principal(), e.getMessage()));
      return false;
    }
  }

  private CrlDelivery delivery(CrlSources sources, Map<AuthorityId, Crl> crls)
      throws LedgerException {
    if (living(known.revoked()).isEmpty()) {
      return new CrlDelivery.Nothing();
    }
    CrlDelivery wanted = coverage(sources).of(crls.values(), clock.instant());
    if (wanted instanceof CrlDelivery.All) {
      lacking = Optional.empty();
    }
    return wanted instanceof CrlDelivery.Withheld && isForAMoment()
        ? new CrlDelivery.All(crls.values().stream().map(Crl::crl).toList())
        : wanted;
  }

  // A root that was just added has its CRL as soon as whoever leads has looked: until then nobody
  // has a certificate under it, and to take all CRLs away for a moment would let the revoked in.
  private boolean isForAMoment() {
    Instant now = clock.instant();
    if (!(state.delivery() instanceof CrlDelivery.All)) {
      return false;
    }
    Instant since = lacking.orElse(now);
    lacking = Optional.of(since);
    return now.isBefore(since.plus(PATIENCE));
  }

  private List<Revocation> living(Collection<Revocation> revoked) {
    Instant now = clock.instant();
    return revoked.stream().filter(revocation -> revocation.notAfter().isAfter(now)).toList();
  }

  private Coverage coverage(CrlSources sources) throws LedgerException {
    Instant now = clock.instant();
    if (looked.filter(last -> now.isBefore(last.at().plus(LOOK_AT_LEDGER))).isEmpty()) {
      List<Live> given =
          ledger.givenAuthorities(now).stream().filter(not(this::isRevoked)).toList();
      looked =
          Optional.of(new Looked(now, new Coverage(sources.roots(), ledger.issuers(now), given)));
    }
    return looked.get().coverage().under(sources.roots());
  }

  // Whoever shows something of it is refused anyway.
  private boolean isRevoked(Live authority) {
    return known.revoked().stream()
        .anyMatch(revocation -> revocation.serial().equals(authority.serial()));
  }
}
