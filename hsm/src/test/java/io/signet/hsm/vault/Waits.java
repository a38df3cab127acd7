package io.signet.hsm.vault;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what other threads are sure to do. */
final class Waits {

  private static final Duration LONG_ON_A_BUSY_MACHINE = Duration.ofSeconds(60);

  private Waits() {}

  static void until(BooleanSupplier condition) {
    long end = System.nanoTime() + LONG_ON_A_BUSY_MACHINE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("it has not happened");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }
}
