package io.signet.e2e.peers;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Waits for what another process is about to do, by asking again until a deadline. */
public final class Await {
  private static final Duration PAUSE = Duration.ofMillis(20);

  /** Something to wait for. An {@link IOException} counts as "not yet". */
  @FunctionalInterface
  public interface Condition {
    boolean holds() throws IOException;
  }

  private Await() {}

  /**
   * Returns as soon as the condition holds.
   *
   * @param what completes the sentence "waited in vain for ..."
   * @throws AssertionError if the deadline passes first; the last {@link IOException} is its cause
   */
  public static void until(String what, Duration deadline, Condition condition) {
    long start = System.nanoTime();
    IOException last = null;
    do {
      try {
        if (condition.holds()) return;
        last = null;
      } catch (IOException e) {
        last = e;
      }
      pause();
    } while (System.nanoTime() - start < deadline.toNanos());
    throw inVain(what, deadline, last);
  }

  private static AssertionError inVain(
      String what, Duration deadline, @Nullable IOException cause) {
    return new AssertionError("waited in vain for " + what + ", " + deadline, cause);
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting", e);
    }
  }
}
