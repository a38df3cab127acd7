package io.signet.e2e.bench;

import java.time.Duration;
import java.util.Optional;

/**
 * How to ask.
 *
 * @param callers each asks again as soon as it is answered; of no effect with a rate
 * @param rate asks at this rate whatever the answers
 */
record LoadPlan(
    int connections, int callers, Optional<Rate> rate, Duration warmup, Duration duration) {

  String describe() {
    String who = rate.map(r -> r + " whatever the answers").orElse(callers + " callers");
    return "%s, %d connections, %d s after %d s of warm-up"
        .formatted(who, connections, duration.toSeconds(), warmup.toSeconds());
  }
}
