package io.signet.sds;

import java.time.Duration;

/** Runs tasks later, on threads that may block. Safe for use by many threads. */
@FunctionalInterface
public interface Timer {

  /** Runs the task once the delay is over, or at once when it is not positive. */
  Scheduled after(Duration delay, Runnable task);

  /** A task that was not run yet. */
  @FunctionalInterface
  interface Scheduled {
    /** Takes it back; too late is no error. */
    void cancel();
  }
}
