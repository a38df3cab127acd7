package io.signet.ca.delivery;

import io.signet.ca.authorization.Entitlements;
import io.signet.sds.Secret.ValidationContext;
import io.signet.sds.SecretSource;
import io.signet.sds.Snapshot;
import io.signet.spiffe.SpiffeId;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Feeds each attested caller its own SVID, renewed in good time, and the trust bundle. All streams
 * of one caller share one feed, so that a proxy that opens a stream per name gets one SVID and not
 * several. Safe for use by many threads.
 */
public final class SvidFeeds implements SecretSource, AutoCloseable {

  private final SvidMaker maker;
  private final Entitlements entitlements;
  private final ValidationContext trust;
  private final Timer timer;
  private final Clock clock;
  private final BiConsumer<SpiffeId, RenewalException> onFailure;
  private final Map<SpiffeId, SvidFeed> feeds = new HashMap<>();
  private boolean closed;

  /**
   * @param trust whom everybody trusts, encoded once for all
   * @param onFailure is told whose SVID could not be renewed; the last good one stays
   */
  public SvidFeeds(
      SvidMaker maker,
      Entitlements entitlements,
      ValidationContext trust,
      Timer timer,
      Clock clock,
      BiConsumer<SpiffeId, RenewalException> onFailure) {
    this.maker = maker;
    this.entitlements = entitlements;
    this.trust = trust;
    this.timer = timer;
    this.clock = clock;
    this.onFailure = onFailure;
  }

  @Override
  public synchronized Feed open(SpiffeId caller, Consumer<Snapshot> listener) {
    if (closed) {
      return () -> {};
    }
    SvidFeed feed = feeds.computeIfAbsent(caller, this::started);
    Subscription subscription = new Subscription(listener, timer);
    feed.add(subscription);
    return () -> leave(caller, feed, subscription);
  }

  private SvidFeed started(SpiffeId caller) {
    SvidFeed feed =
        new SvidFeed(
            () -> maker.make(entitlements.own(caller)),
            trust,
            timer,
            clock,
            e -> onFailure.accept(caller, e));
    feed.start();
    return feed;
  }

  private synchronized void leave(SpiffeId caller, SvidFeed feed, Subscription subscription) {
    if (feed.remove(subscription) && feeds.remove(caller, feed)) {
      feed.close();
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
