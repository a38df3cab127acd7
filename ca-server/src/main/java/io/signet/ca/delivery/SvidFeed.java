package io.signet.ca.delivery;

import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.Secret.ValidationContext;
import io.signet.sds.Snapshot;
import io.signet.sds.Timer;
import io.signet.spiffe.SecretBytes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What one caller is fed: its SVID with the bundle, each renewal after that; and the bundle alone
 * while no SVID could be made yet or none may be, for whoever needs only that.
 */
final class SvidFeed implements AutoCloseable {

  /** Makes the caller's next SVID. */
  interface Maker {
    KeyedSvid make() throws RenewalException;
  }

  // Before the first SVID the bundle does not wait longer: it is there, and some need only that.
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final ValidationContext trust;
  private final Timer timer;
  private final Clock clock;
  private final Optional<Renewal> renewal;
  private final List<Subscription> subscriptions = new ArrayList<>();
  private volatile Instant renewAt = Instant.EPOCH;
  private Snapshot current = Snapshot.EMPTY;
  private Instant idleSince;

  /**
   * @param maker empty: the caller may hold no SVID
   */
  SvidFeed(
      Optional<Maker> maker,
      ValidationContext trust,
      Timer timer,
      Clock clock,
      Consumer<RenewalException> onFailure) {
    this.trust = trust;
    this.timer = timer;
    this.clock = clock;
    this.idleSince = clock.instant();
    this.renewal = maker.map(each -> new Renewal(new Work(each), timer, clock, onFailure));
  }

  void start() {
    renewal.ifPresent(Renewal::start);
    Duration patience = renewal.isPresent() ? PATIENCE : Duration.ZERO;
    Timer.Scheduled _ = timer.after(patience, this::publishTrustAlone);
  }

  synchronized void add(Subscription subscription) {
    subscriptions.add(subscription);
    if (!current.equals(Snapshot.EMPTY)) {
      subscription.offer(current);
    }
  }

  synchronized void remove(Subscription subscription) {
    subscription.close();
    if (subscriptions.remove(subscription) && subscriptions.isEmpty()) {
      idleSince = clock.instant();
    }
  }

  /** Whether nobody has listened for that long. */
  synchronized boolean isIdleFor(Duration time) {
    return subscriptions.isEmpty() && !clock.instant().isBefore(idleSince.plus(time));
  }

  private final class Work implements Renewal.Work {
    private final Maker maker;

    Work(Maker maker) {
      this.maker = maker;
    }

    @Override
    public Instant due() {
      return renewAt;
    }

    @Override
    public void run() throws RenewalException {
      try {
        KeyedSvid next = maker.make();
        renewAt = next.renewAt();
        publish(new Snapshot(List.of(secret(next)), List.of(trust)));
      } catch (RenewalException | RuntimeException e) {
        publishTrustAlone();
        throw e;
      }
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
    renewal.ifPresent(Renewal::close);
    subscriptions.forEach(Subscription::close);
  }
}
