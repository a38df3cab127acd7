package io.signet.ca.delivery;

import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.Secret.ValidationContext;
import io.signet.sds.Snapshot;
import io.signet.spiffe.SecretBytes;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * What one caller is fed: its SVID with the bundle, each renewal after that; and the bundle alone
 * while no SVID could be made yet, for whoever needs only that.
 */
final class SvidFeed implements AutoCloseable {

  /** Makes the caller's next SVID. */
  interface Maker {
    KeyedSvid make() throws RenewalException;
  }

  private final Maker maker;
  private final ValidationContext trust;
  private final Clock clock;
  private final Renewal renewal;
  private final List<Subscription> subscriptions = new ArrayList<>();
  private Snapshot current;

  SvidFeed(
      Maker maker,
      ValidationContext trust,
      Timer timer,
      Clock clock,
      Consumer<RenewalException> onFailure) {
    this.maker = maker;
    this.trust = trust;
    this.clock = clock;
    this.current = Snapshot.EMPTY;
    this.renewal = new Renewal(this::renew, timer, clock, onFailure);
  }

  void start() {
    renewal.start(clock.instant());
  }

  synchronized void add(Subscription subscription) {
    subscriptions.add(subscription);
    if (!current.equals(Snapshot.EMPTY)) {
      subscription.offer(current);
    }
  }

  /** Whether it was the last one. */
  synchronized boolean remove(Subscription subscription) {
    subscription.close();
    return subscriptions.remove(subscription) && subscriptions.isEmpty();
  }

  private Instant renew() throws RenewalException {
    try {
      KeyedSvid next = maker.make();
      publish(new Snapshot(List.of(secret(next)), List.of(trust)));
      return next.renewAt();
    } catch (RenewalException | RuntimeException e) {
      publishTrustAlone();
      throw e;
    }
  }

  private synchronized void publishTrustAlone() {
    if (current.equals(Snapshot.EMPTY)) {
      publish(new Snapshot(List.of(), List.of(trust)));
    }
  }

  private static TlsCertificate secret(KeyedSvid made) {
    byte[] pkcs8 = made.key().pkcs8();
    try {
      return new TlsCertificate(made.svid(), SecretBytes.copyOf(pkcs8));
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  private synchronized void publish(Snapshot next) {
    current = next;
    subscriptions.forEach(subscription -> subscription.offer(next));
  }

  @Override
  public synchronized void close() {
    renewal.close();
    subscriptions.forEach(Subscription::close);
  }
}
