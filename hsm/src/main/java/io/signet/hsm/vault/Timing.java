package io.signet.hsm.vault;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;

/** Time and chance; tests have their own. */
interface Timing {

  Instant now();

  void pause(Duration time) throws InterruptedException;

  /** From 0 to 1. */
  double chance();

  /** Between these two, by chance. */
  default Duration between(Duration shortest, Duration longest) {
    return shortest.plusNanos((long) (longest.minus(shortest).toNanos() * chance()));
  }

  static Timing of(Clock clock) {
    return new Timing() {
      @Override
      public Instant now() {
        return clock.instant();
      }

      @Override
      public void pause(Duration time) throws InterruptedException {
        Thread.sleep(time);
      }

      @Override
      public double chance() {
        return ThreadLocalRandom.current().nextDouble();
      }
    };
  }
}
