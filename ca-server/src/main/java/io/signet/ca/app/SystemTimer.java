package io.signet.ca.app;

import io.signet.sds.Timer;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One thread waits; each task then runs on a virtual thread of its own. */
final class SystemTimer implements Timer, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(SystemTimer.class);

  private static final int STOP_SECONDS = 10;

  private final ScheduledThreadPoolExecutor waiting =
      new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("timer").daemon().factory());
  private final ExecutorService working =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("renewal-", 0).factory());

  SystemTimer() {
    // Most tasks are taken back long before they are due.
    waiting.setRemoveOnCancelPolicy(true);
  }

  @Override
  public Scheduled after(Duration delay, Runnable task) {
    try {
      Future<?> waits =
          waiting.schedule(
              () -> working.execute(() -> run(task)), delay.toMillis(), TimeUnit.MILLISECONDS);
      return () -> waits.cancel(false);
    } catch (RejectedExecutionException stopping) {
      return () -> {};
    }
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      LOG.error("a scheduled task failed", e);
    }
  }

  /** How many tasks wait for their time. */
  int waiting() {
    return waiting.getQueue().size();
  }

  @Override
  public void close() {
    waiting.shutdownNow();
    working.shutdown();
    try {
      // Not for ever: a call of a token's library may hang (P11-16).
      if (!working.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a task did not end within {} s and is left alone", STOP_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
