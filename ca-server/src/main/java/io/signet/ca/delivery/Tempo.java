package io.signet.ca.delivery;

import java.time.Duration;

/** How long issuances take here now. Safe for use by many threads. */
final class Tempo {

  // A clock that was set, or a call that hung, says nothing of the next one.
  private static final Duration LONGEST = Duration.ofSeconds(10);

  // Recent enough to follow the load, long enough for one slow call not to count.
  private static final int REMEMBERED = 8;

  private long nanos;

  /** One more took so long. */
  synchronized void took(Duration time) {
    long spent = Math.clamp(time.toNanos(), 0, LONGEST.toNanos());
    nanos = nanos == 0 ? spent : nanos + (spent - nanos) / REMEMBERED;
  }

  /** What the next one may take; zero before the first. */
  synchronized Duration usual() {
    return Duration.ofNanos(nanos);
  }
}
