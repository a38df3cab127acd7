package io.signet.e2e.bench;

import java.time.Duration;
import java.util.Optional;

/**
 * How to ask.
 *
 * @param connections that stay open; with none, each call has a new one
 * @param callers each asks again as soon as it is answered; of no effect with a rate
 * @param rate asks at this rate whatever the answers
 */
record LoadPlan(
    int connections, int callers, Optional<Rate> rate, Duration warmup, Duration duration) {

  String describe() {
    String who = rate.map(r -> r + " whatever the answers").orElse(callers + " callers");
    String where = connections == 0 ? "a connection for each call" : connections + " connections";
    return "%s, %s, %d s after %d s of warm-up"
        .formatted(who, where, duration.toSeconds(), warmup.toSeconds());
  }
}
