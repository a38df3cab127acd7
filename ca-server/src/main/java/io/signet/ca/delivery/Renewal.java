package io.signet.ca.delivery;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps something fresh: runs its work, which says when it is due again; work that fails is tried
 * again soon, ever less often, whatever it failed of. Never two runs at a time. Safe for use by
 * many threads.
 */
public final class Renewal implements AutoCloseable {

  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);

  /** One run. */
  @FunctionalInterface
  public interface Work {
    /** Returns when the next run is due. */
    Instant run() throws RenewalException;
  }

  private final Work work;
  private final Timer timer;
  private final Clock clock;
  private final Consumer<RenewalException> onFailure;
  private volatile Duration retry = FIRST_RETRY;
  private Timer.@Nullable Scheduled next;
  private boolean started;
  private boolean closed;

  /**
   * @param onFailure is told of each run that failed
   */
  public Renewal(Work work, Timer timer, Clock clock, Consumer<RenewalException> onFailure) {
    this.work = work;
    this.timer = timer;
    this.clock = clock;
    this.onFailure = onFailure;
  }

  /** Runs the first time at this moment; to be called once. */
  public synchronized void start(Instant due) {
    if (started) {
      throw new IllegalStateException("the renewal was started before");
    }
    started = true;
    schedule(Duration.between(clock.instant(), due));
  }

  private synchronized void schedule(Duration delay) {
    if (!closed) {
      next = timer.after(delay, this::run);
    }
  }

  private void run() {
    try {
      Instant due = work.run();
      retry = FIRST_RETRY;
      // What is due again at once, as near the end of an authority, must not spin.
      schedule(longer(Duration.between(clock.instant(), due), FIRST_RETRY));
    } catch (RenewalException e) {
      failed(e);
    } catch (RuntimeException e) {
      failed(new RenewalException("renewal failed: " + e, e));
    }
  }

  // Scheduled before it is told, so that no listener can end the renewal.
  private void failed(RenewalException e) {
    Duration delay = retry;
    Duration doubled = retry.multipliedBy(2);
    retry = doubled.compareTo(LONGEST_RETRY) < 0 ? doubled : LONGEST_RETRY;
    schedule(delay);
    onFailure.accept(e);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  /** No further run begins; one that runs ends by itself. */
  @Override
  public synchronized void close() {
    closed = true;
    if (next != null) {
      next.cancel();
    }
  }
}
