package io.signet.ca.app;

import io.signet.sds.Timer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that is done again and again, and at once when it is woken; never twice at a time. Unlike a
 * renewal it is never due late: what fails is done again in its turn. Safe for use by many threads.
 */
final class Beat implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Beat.class);

  private final Runnable work;
  private final Duration every;
  private final Timer timer;
  private Timer.@Nullable Scheduled next;
  private boolean working;
  private boolean woken;
  private boolean closed;

  /**
   * @param every how long after one run the next begins
   */
  Beat(Runnable work, Duration every, Timer timer) {
    this.work = work;
    this.every = every;
    this.timer = timer;
  }

  /** The next run begins now, or as soon as the present one is over. Begins the first one too. */
  synchronized void wake() {
    woken = true;
    if (!working) {
      schedule(Duration.ZERO);
    }
  }

  private void schedule(Duration delay) {
    if (closed) {
      return;
    }
    if (next != null) {
      next.cancel();
    }
    next = timer.after(delay, this::run);
  }

  private void run() {
    if (!begins()) {
      return;
    }
    try {
      work.run();
    } catch (RuntimeException e) {
      LOG.error("what is done again and again failed", e);
    } finally {
      ends();
    }
  }

  // A run that was scheduled before it was cancelled may still come.
  private synchronized boolean begins() {
    if (closed || working) {
      return false;
    }
    working = true;
    woken = false;
    return true;
  }

  private synchronized void ends() {
    working = false;
    schedule(woken ? Duration.ZERO : every);
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (next != null) {
      next.cancel();
    }
  }
}
