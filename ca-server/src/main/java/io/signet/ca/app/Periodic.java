package io.signet.ca.app;

import io.signet.ca.delivery.Renewal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** Work that is due at once, and again some time after it was done. */
abstract class Periodic implements Renewal.Work {

  private final Duration every;
  private final Clock clock;
  private volatile Instant due;

  Periodic(Duration every, Clock clock) {
    this.every = every;
    this.clock = clock;
    this.due = clock.instant();
  }

  @Override
  public final Instant due() {
    return due;
  }

  /** It was done. */
  final void isDone() {
    due = clock.instant().plus(every);
  }
}
