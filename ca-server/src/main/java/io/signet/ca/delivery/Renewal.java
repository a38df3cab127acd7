package io.signet.ca.delivery;

import io.signet.sds.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps something fresh: runs its work when that is due; work that fails is tried again soon, ever
 * less often, whatever it failed of. Never two runs at a time. Safe for use by many threads.
 *
 * <p>It looks at the clock, and at when the work is due, at least once a minute: a timer stands
 * still while the machine is suspended, and what is due later may become due now. When the clock
 * was set back by more than that since the last run, the work is due at once: what it made may
 * begin in the future.
 */
public final class Renewal implements AutoCloseable {

  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);

  // Short against the half of a life that is left then, also where lives are short.
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(10);

  /** What is to be done again and again. */
  public interface Work {
    /** When the next run is due; the past means now. May change at any time. */
    Instant due();

    /** One run, after which it is due at another time. */
    void run() throws RenewalException;
  }

  private final Work work;
  private final Timer timer;
  private final Clock clock;
  private final Consumer<RenewalException> onFailure;
  private volatile Duration retry = FIRST_RETRY;
  // What is due again at once, as near the end of an authority, must not spin.
  private volatile Instant earliest = Instant.EPOCH;
  private volatile boolean failing;
  private Timer.@Nullable Scheduled next;
  private @Nullable Look latest;
  private boolean started;
  private boolean running;
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

  /** One that was started. */
  public static Renewal started(
      Work work, Timer timer, Clock clock, Consumer<RenewalException> onFailure) {
    Renewal renewal = new Renewal(work, timer, clock, onFailure);
    renewal.start();
    return renewal;
  }

  /** To be called once. */
  public synchronized void start() {
    if (started) {
      throw new IllegalStateException("the renewal was started before");
    }
    started = true;
    earliest = clock.instant();
    schedule();
  }

  /** Looks at once at when the work is due, because that has changed. */
  public synchronized void hasten() {
    if (started && !running && next != null) {
      next.cancel();
      schedule();
    }
  }

  private synchronized void schedule() {
    running = false;
    if (!closed) {
      Duration left = Duration.between(clock.instant(), due());
      Look look = new Look();
      next = timer.after(left.compareTo(LONGEST_WAIT) < 0 ? left : LONGEST_WAIT, look);
      latest = look;
    }
  }

  // A look that was taken back may have begun all the same: only the latest counts.
  private final class Look implements Runnable {
    @Override
    public void run() {
      if (begins(this)) {
        look();
      }
    }
  }

  private synchronized boolean begins(Look look) {
    boolean begins = look.equals(latest) && !running && !closed;
    running |= begins;
    return begins;
  }

  private Instant due() {
    Instant now = clock.instant();
    if (earliest.isAfter(now.plus(LONGEST_WAIT))) {
      return now; // by this clock the last run is still to come
    }
    Instant due = failing ? earliest : work.due();
    return due.isAfter(earliest) ? due : earliest;
  }

  // Scheduled in the end, so that neither the work nor the listener can end the renewal.
  private void look() {
    try {
      Instant due = due(); // asked for first: work that is due now may answer with the time of now
      if (!clock.instant().isBefore(due)) {
        run();
      }
    } finally {
      schedule();
    }
  }

  private void run() {
    try {
      work.run();
      failing = false;
      retry = FIRST_RETRY;
      earliest = clock.instant().plus(FIRST_RETRY);
    } catch (RenewalException e) {
      failed(e);
    } catch (RuntimeException | Error e) {
      failed(new RenewalException("renewal failed: " + e, e));
    }
  }

  private void failed(RenewalException e) {
    failing = true;
    earliest = clock.instant().plus(retry);
    Duration doubled = retry.multipliedBy(2);
    retry = doubled.compareTo(LONGEST_RETRY) < 0 ? doubled : LONGEST_RETRY;
    onFailure.accept(e);
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
