package io.signet.ca.telemetry;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Lets a few through in each second, and tells with the next how many it has held back. Safe for
 * use by many threads.
 */
final class Throttle {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final int perSecond;
  private final LongSupplier nanoTime;
  private long begin;
  private int passed;
  private long heldBack;

  /**
   * @param nanoTime as {@link System#nanoTime}
   */
  Throttle(int perSecond, LongSupplier nanoTime) {
    this.perSecond = perSecond;
    this.nanoTime = nanoTime;
    this.begin = nanoTime.getAsLong();
  }

  /** How many were held back since the last that passed; empty if this one is held back too. */
  synchronized OptionalLong pass() {
    long now = nanoTime.getAsLong();
    if (now - begin >= SECOND) {
      begin = now;
      passed = 0;
    }
    if (passed == perSecond) {
      heldBack++;
      return OptionalLong.empty();
    }
    passed++;
    long before = heldBack;
    heldBack = 0;
    return OptionalLong.of(before);
  }
}
