package io.signet.ca.delivery;

import io.signet.sds.SecretSource;
import io.signet.sds.Snapshot;
import io.signet.sds.Timer;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One listener of a feed. It is called on threads of the timer, never two at a time and under no
 * lock, so that one that is slow or fails harms nobody else; what it was too slow for it is spared,
 * for the newest snapshot says all.
 */
final class Subscription {

  private final SecretSource.Listener listener;
  private final Timer timer;
  private @Nullable Consumer<SecretSource.Listener> latest;
  private boolean withdrawn;
  private boolean delivering;
  private boolean closed;

  Subscription(SecretSource.Listener listener, Timer timer) {
    this.listener = listener;
    this.timer = timer;
  }

  synchronized void offer(Snapshot snapshot) {
    if (!withdrawn) {
      tell(to -> to.changed(snapshot));
    }
  }

  /** The last that is told, whatever is offered later. */
  synchronized void withdraw() {
    if (!withdrawn) {
      withdrawn = true;
      tell(SecretSource.Listener::withdrawn);
    }
  }

  private void tell(Consumer<SecretSource.Listener> news) {
    latest = news;
    if (!delivering && !closed) {
      delivering = true;
      Timer.Scheduled _ = timer.after(Duration.ZERO, this::deliver);
    }
  }

  private void deliver() {
    for (var next = take(); next != null; next = take()) {
      try {
        next.accept(listener);
      } catch (RuntimeException | Error e) {
        System.getLogger(Subscription.class.getName())
            .log(System.Logger.Level.WARNING, "a listener failed on a snapshot", e);
      }
    }
  }

  private synchronized @Nullable Consumer<SecretSource.Listener> take() {
    var next = closed ? null : latest;
    latest = null;
    delivering = next != null;
    return next;
  }

  /** No further call begins. */
  synchronized void close() {
    closed = true;
  }
}
