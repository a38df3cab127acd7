package io.signet.hsm.vault;

import java.time.Duration;

/** When a caller must have its answer (KC-3). */
record Deadline(long nanoTime) {

  static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  /** What is left, in nanoseconds; nothing is 0. */
  long left() {
    return Math.max(0, nanoTime - System.nanoTime());
  }

  /** When half of what is left is over. */
  Deadline halfway() {
    return new Deadline(System.nanoTime() + left() / 2);
  }

  boolean isOver() {
    return left() == 0;
  }

  Deadline orLater(Deadline other) {
    return other.nanoTime - nanoTime > 0 ? other : this;
  }
}
