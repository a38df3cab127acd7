package io.signet.ca.delivery;

import io.signet.ca.authorization.Decision;
import io.signet.ca.authorization.Decision.Granted;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Grant;
import io.signet.ca.authorization.Wish;
import io.signet.sds.Holder;
import io.signet.sds.Secret.ValidationContext;
import io.signet.sds.SecretSource;
import io.signet.sds.Snapshot;
import io.signet.sds.Timer;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Feeds each attested caller its own SVID, renewed in good time, and the trust bundle; the bundle
 * alone where the caller may not hold its own identity (SDS-6). All streams of one holder share one
 * feed, so that a proxy that opens a stream per name gets one SVID and not several, and two pods of
 * one account never share a key. A feed outlives its last stream by a minute or two, so that a
 * proxy that comes back finds its SVID again. Safe for use by many threads.
 */
public final class SvidFeeds implements SecretSource, AutoCloseable {

  private static final Duration LINGER = Duration.ofMinutes(1);

  private final SvidMaker maker;
  private final Entitlements entitlements;
  private final ValidationContext trust;
  private final Timer timer;
  private final Clock clock;
  private final BiConsumer<Holder, RenewalException> onFailure;
  private final BiConsumer<Holder, String> onDenied;
  private final Map<Holder, SvidFeed> feeds = new HashMap<>();
  private boolean closed;

  /**
   * @param trust whom everybody trusts, encoded once for all
   * @param onFailure is told whose SVID could not be renewed; the last good one stays
   * @param onDenied is told who may hold no SVID, and why; must not block
   */
  public SvidFeeds(
      SvidMaker maker,
      Entitlements entitlements,
      ValidationContext trust,
      Timer timer,
      Clock clock,
      BiConsumer<Holder, RenewalException> onFailure,
      BiConsumer<Holder, String> onDenied) {
    this.maker = maker;
    this.entitlements = entitlements;
    this.trust = trust;
    this.timer = timer;
    this.clock = clock;
    this.onFailure = onFailure;
    this.onDenied = onDenied;
  }

  @Override
  public synchronized Feed open(Holder caller, Consumer<Snapshot> listener) {
    if (closed) {
      return () -> {};
    }
    SvidFeed feed = feeds.computeIfAbsent(caller, this::started);
    Subscription subscription = new Subscription(listener, timer);
    feed.add(subscription);
    return () -> feed.remove(subscription);
  }

  private SvidFeed started(Holder caller) {
    SvidFeed feed =
        new SvidFeed(maker(caller), trust, timer, clock, e -> onFailure.accept(caller, e));
    feed.start();
    closeWhenIdle(caller, feed);
    return feed;
  }

  private Optional<SvidFeed.Maker> maker(Holder caller) {
    Decision decision = entitlements.decide(caller.identity(), Wish.NOTHING);
    if (decision instanceof Granted(Grant grant)) {
      return Optional.of(() -> maker.make(grant));
    }
    onDenied.accept(caller, decision.reason());
    return Optional.empty();
  }

  private void closeWhenIdle(Holder caller, SvidFeed feed) {
    Timer.Scheduled _ = timer.after(LINGER, () -> look(caller, feed));
  }

  private synchronized void look(Holder caller, SvidFeed feed) {
    if (closed) {
      return;
    }
    if (feed.isIdleFor(LINGER)) {
      feed.close();
      feeds.remove(caller);
    } else {
      closeWhenIdle(caller, feed);
    }
  }

  /** Ends all feeds; one that is opened later stays silent. */
  @Override
  public synchronized void close() {
    closed = true;
    feeds.values().forEach(SvidFeed::close);
    feeds.clear();
  }
}
