package io.signet.ca.delivery;

import io.signet.ca.authorization.Decision;
import io.signet.ca.authorization.Decision.Granted;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Grant;
import io.signet.ca.authorization.Wish;
import io.signet.ca.ledger.HolderKey;
import io.signet.sds.Holder;
import io.signet.sds.SecretSource;
import io.signet.sds.Timer;
import io.signet.sds.Trust;
import io.signet.spiffe.X509Svid;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Feeds each attested caller its own SVID, renewed in good time, and whom to trust; that alone
 * where the caller may not hold its own identity (SDS-6). All streams of one holder share one feed,
 * so that a proxy that opens a stream per name gets one SVID and not several, and two pods of one
 * account never share a key. A feed outlives its last stream by a minute or two, so that a proxy
 * that comes back finds its SVID again. Safe for use by many threads.
 */
public final class SvidFeeds implements SecretSource, AutoCloseable {

  /** Hears what goes wrong; must not block. */
  public interface Listener {
    /** An SVID was not made; the last good one stays, if there is one. */
    void failed(Holder holder, RenewalException why);

    /** Who may hold no SVID, and why. */
    void denied(Holder holder, String reason);
  }

  private static final Duration LINGER = Duration.ofMinutes(1);

  private final SvidMaker maker;
  private final Supplier<Entitlements> entitlements;
  private final SessionTickets tickets;
  private final Timer timer;
  private final Clock clock;
  private final Listener listener;
  private final Reissue reissue;
  private final Map<Holder, SvidFeed> feeds = new HashMap<>();
  private Trust trust;
  private boolean closed;

  /**
   * Feeds nobody yet.
   *
   * @param entitlements of now; asked before each SVID
   * @param trust whom everybody trusts, made once for all
   * @param processors that issuances have to share
   */
  public SvidFeeds(
      SvidMaker maker,
      Supplier<Entitlements> entitlements,
      Trust trust,
      SessionTickets tickets,
      Timer timer,
      Clock clock,
      int processors,
      Listener listener) {
    this.maker = maker;
    this.entitlements = entitlements;
    this.trust = trust;
    this.tickets = tickets;
    this.timer = timer;
    this.clock = clock;
    this.listener = listener;
    this.reissue = new Reissue(this::outdated, maker.tempo(), processors, timer, clock);
  }

  @Override
  public synchronized Feed open(Holder caller, SecretSource.Listener stream) {
    if (closed) {
      return () -> {};
    }
    // Its other streams are still to be told, so it is left and not closed.
    feeds.computeIfPresent(caller, (_, feed) -> feed.isWithdrawn() ? null : feed);
    SvidFeed feed = feeds.computeIfAbsent(caller, this::started);
    Subscription subscription = new Subscription(stream, timer);
    feed.add(subscription);
    return () -> feed.remove(subscription);
  }

  private SvidFeed started(Holder caller) {
    SvidFeed feed =
        new SvidFeed(
            () -> grant(caller),
            new HolderKey(caller.identity(), caller.instance()),
            maker,
            trust,
            tickets,
            timer,
            clock,
            why -> listener.failed(caller, why));
    feed.start();
    closeWhenIdle(caller, feed);
    return feed;
  }

  private Optional<Grant> grant(Holder caller) {
    Decision decision = entitlements.get().decide(caller.identity(), Wish.NOTHING);
    if (decision instanceof Granted(Grant grant)) {
      return Optional.of(grant);
    }
    listener.denied(caller, decision.reason());
    return Optional.empty();
  }

  private void closeWhenIdle(Holder caller, SvidFeed feed) {
    Timer.Scheduled _ = timer.after(LINGER, () -> look(caller, feed));
  }

  private synchronized void look(Holder caller, SvidFeed feed) {
    if (closed || feeds.get(caller) != feed) {
      return;
    }
    if (feed.isIdleFor(LINGER)) {
      feed.close();
      feeds.remove(caller);
    } else {
      closeWhenIdle(caller, feed);
    }
  }

  /** From now on everybody trusts these; each stream is told what changed for it. */
  public synchronized void trustIs(Trust changed) {
    trust = changed;
    feeds.values().forEach(feed -> feed.trustIs(changed));
  }

  /**
   * What callers may hold is other than it was: who lost its identity is told at once, and who won
   * one, or has it in another form now, gets it soon.
   */
  public void entitlementsChanged() {
    List<SvidFeed> all;
    synchronized (this) {
      all = List.copyOf(feeds.values());
    }
    all.forEach(SvidFeed::entitlementChanged);
  }

  /**
   * From now on SVIDs are signed under the root of this generation: all that are of another one are
   * replaced, evenly over the window; slower where half of what the machine can do would not be
   * enough for that. Who is new has one of this generation at once. To be said again from time to
   * time: it goes on as it began.
   *
   * @param window from when this is said for the first time
   */
  public void reissue(int generation, Duration window) {
    reissue.to(generation, window);
  }

  private synchronized List<SvidFeed> outdated(int generation) {
    return feeds.values().stream().filter(feed -> feed.isOutdated(generation)).toList();
  }

  /** Makes each SVID anew that does not count any more, within a minute. */
  public void renewUnless(Predicate<X509Svid> counts) {
    List<SvidFeed> all;
    synchronized (this) {
      all = List.copyOf(feeds.values());
    }
    all.forEach(feed -> feed.renewUnless(counts));
  }

  /** Session tickets are made with the keys of now; to be called once an hour. */
  public synchronized void refreshTickets() {
    feeds.values().forEach(SvidFeed::refreshTickets);
  }

  /**
   * Until when the SVIDs are good that should have been renewed and were not; the past where there
   * is none.
   */
  public synchronized List<Instant> failing() {
    return feeds.values().stream().flatMap(feed -> feed.failingUntil().stream()).toList();
  }

  /** Ends all feeds; one that is opened later stays silent. */
  @Override
  public void close() {
    reissue.close();
    closeFeeds();
  }

  private synchronized void closeFeeds() {
    closed = true;
    feeds.values().forEach(SvidFeed::close);
    feeds.clear();
  }
}
