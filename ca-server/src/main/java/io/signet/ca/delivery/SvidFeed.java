package io.signet.ca.delivery;

import io.signet.ca.authorization.Grant;
import io.signet.ca.ledger.HolderKey;
import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.Snapshot;
import io.signet.sds.Timer;
import io.signet.sds.Trust;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.X509Svid;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What one caller is fed: its SVID with whom to trust, each renewal after that; and whom to trust
 * alone while no SVID could be made yet or none may be, for whoever needs only that.
 */
final class SvidFeed implements AutoCloseable {

  /** What the caller may hold, looked up before each SVID: it may lose it. */
  interface Entitled {
    /** Empty: no SVID at all. */
    Optional<Grant> grant();
  }

  // Before the first SVID the bundle does not wait longer: it is there, and some need only that.
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  // Whoever fetches again and again holds no stream in between.
  private static final Duration SOON = Duration.ofSeconds(10);

  private final Entitled entitled;
  private final HolderKey holder;
  private final SvidMaker maker;
  private final SessionTickets tickets;
  private final Timer timer;
  private final Clock clock;
  private final Renewal renewal;
  private final List<Subscription> subscriptions = new ArrayList<>();
  private volatile Instant renewAt = Instant.EPOCH;
  private volatile boolean failing;
  private volatile boolean outdated;
  private volatile Instant desertedFrom = Instant.MAX;
  private int told;
  private boolean closed;
  private Optional<Grant> granted = Optional.empty();
  private Snapshot next;
  private boolean published;
  private boolean withdrawn;
  private Instant idleSince;

  /**
   * @param holder who is fed, as rotations count
   * @param onFailure is told of each SVID that could not be made; the last good one stays
   */
  SvidFeed(
      Entitled entitled,
      HolderKey holder,
      SvidMaker maker,
      Trust trust,
      SessionTickets tickets,
      Timer timer,
      Clock clock,
      Consumer<RenewalException> onFailure) {
    this.entitled = entitled;
    this.holder = holder;
    this.maker = maker;
    this.tickets = tickets;
    this.timer = timer;
    this.clock = clock;
    this.idleSince = clock.instant();
    this.next = new Snapshot(List.of(), Set.of(), trust, Optional.empty());
    this.renewal = new Renewal(new Work(), timer, clock, onFailure);
  }

  void start() {
    entitlementChanged();
    Duration patience = granted.isPresent() ? PATIENCE : Duration.ZERO;
    Timer.Scheduled _ = timer.after(patience, this::publishWhatThereIs);
  }

  /** Looks at what the caller may hold now. */
  synchronized void entitlementChanged() {
    Optional<Grant> now = entitled.grant();
    if (now.equals(granted) || withdrawn) {
      return;
    }
    if (granted.isEmpty()) {
      granted = now;
      next = next.awaiting(now.orElseThrow().id()).with(tickets.of(now.orElseThrow().id()));
      renewal.start();
    } else if (now.isEmpty() || !now.get().id().equals(granted.get().id())) {
      withdraw();
    } else {
      boolean isOther = !now.get().givesAs(granted.get());
      granted = now;
      if (isOther) {
        renewAt = Instant.EPOCH;
      }
    }
  }

  /**
   * Makes the SVID anew if it does not count any more, within a minute; also if one is made now.
   */
  synchronized void renewUnless(Predicate<X509Svid> counts) {
    if (!withdrawn && !next.svids().stream().map(TlsCertificate::svid).allMatch(counts)) {
      outdated = true;
    }
  }

  /** One more listens; if the SVID was due while nobody did, it is made now. */
  void add(Subscription subscription) {
    synchronized (this) {
      if (withdrawn) {
        subscription.withdraw();
        return;
      }
      desertedFrom = Instant.MAX;
      subscriptions.add(subscription);
      if (published) {
        granted.ifPresent(grant -> {
          boolean _ = dropWhatIsOver(grant);
        });
        subscription.offer(next);
      }
    }
    renewal.hasten();
  }

  synchronized void remove(Subscription subscription) {
    subscription.close();
    if (subscriptions.remove(subscription) && subscriptions.isEmpty()) {
      idleSince = clock.instant();
      desertedFrom = idleSince.plus(SOON);
    }
  }

  // An SVID that nobody hears of would keep a rotation waiting for its end.
  private boolean isDeserted() {
    return !clock.instant().isBefore(desertedFrom);
  }

  /** Whether nobody has listened for that long. */
  synchronized boolean isIdleFor(Duration time) {
    return subscriptions.isEmpty() && !clock.instant().isBefore(idleSince.plus(time));
  }

  /** From now on it is these that the caller may trust. */
  synchronized void trustIs(Trust trust) {
    next = next.with(trust);
    publishAgain();
  }

  /** From now on its session tickets are made with the keys of now. */
  synchronized void refreshTickets() {
    if (granted.isPresent()) {
      next = next.with(tickets.of(granted.get().id()));
      publishAgain();
    }
  }

  /** Whether the caller has lost what it had; such a feed is of no use any more. */
  synchronized boolean isWithdrawn() {
    return withdrawn;
  }

  /**
   * Until when the SVID in use is good, if it should have been renewed and was not; the past if
   * there is none.
   */
  synchronized Optional<Instant> failingUntil() {
    return failing
        ? Optional.of(
            next.svids().stream()
                .findFirst()
                .map(svid -> svid.svid().expiresAt())
                .orElse(Instant.EPOCH))
        : Optional.empty();
  }

  private final class Work implements Renewal.Work {
    @Override
    public Instant due() {
      if (isDeserted()) {
        return Instant.MAX;
      }
      return outdated ? Instant.EPOCH : renewAt;
    }

    @Override
    public void run() throws RenewalException {
      entitlementChanged();
      Optional<Grant> grant = granted();
      if (grant.isEmpty() || isDeserted()) {
        return;
      }
      boolean was = outdated;
      outdated = false; // what is said from now on is about what this run makes
      try {
        publish(maker.make(grant.get(), Optional.of(holder)), grant.get());
      } catch (RenewalException | RuntimeException e) {
        outdated |= was;
        failed(grant.get());
        throw e;
      }
    }
  }

  /** Whether its SVID is of another generation, and it was not told to replace it. */
  synchronized boolean isOutdated(int generation) {
    return !withdrawn
        && !closed
        && !isDeserted()
        && told != generation
        && next.svids().stream().anyMatch(svid -> svid.generation() != generation);
  }

  /** Replaces its SVID at once by one of this generation, which is the one that is signed by. */
  void reissue(int generation) {
    synchronized (this) {
      told = generation;
      outdated = true;
    }
    renewal.hasten();
  }

  /** Whether there is nothing to be replaced any more. */
  synchronized boolean isReissued() {
    return !outdated || isDeserted() || withdrawn || closed;
  }

  // What was granted may be another by now: then it is due again.
  private synchronized void publish(KeyedSvid made, Grant by) {
    failing = false;
    if (withdrawn || !granted.filter(by::givesAs).isPresent()) {
      return;
    }
    renewAt = made.renewAt();
    next = next.with(secret(made));
    published = true;
    publishAgain();
  }

  // The last good SVID stays to its end, and not beyond: nobody could use it.
  private synchronized void failed(Grant grant) {
    failing = !withdrawn;
    if (dropWhatIsOver(grant)) {
      publishAgain();
    }
    publishWhatThereIs();
  }

  private boolean dropWhatIsOver(Grant grant) {
    boolean over = next.svids().stream().anyMatch(this::isOver);
    if (over) {
      next = next.awaiting(grant.id());
    }
    return over;
  }

  private boolean isOver(TlsCertificate svid) {
    return !clock.instant().isBefore(svid.svid().expiresAt());
  }

  private synchronized void publishWhatThereIs() {
    if (!published) {
      published = true;
      publishAgain();
    }
  }

  private void publishAgain() {
    if (published) {
      subscriptions.forEach(subscription -> subscription.offer(next));
    }
  }

  private static TlsCertificate secret(KeyedSvid made) {
    byte[] pkcs8 = made.key().pkcs8();
    try {
      return new TlsCertificate(
          made.svid(), SecretBytes.copyOf(pkcs8), Optional.empty(), made.generation());
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  private synchronized Optional<Grant> granted() {
    return granted;
  }

  private void withdraw() {
    withdrawn = true;
    failing = false;
    granted = Optional.empty();
    renewal.close();
    subscriptions.forEach(Subscription::withdraw);
  }

  @Override
  public synchronized void close() {
    closed = true;
    renewal.close();
    subscriptions.forEach(Subscription::close);
  }
}
