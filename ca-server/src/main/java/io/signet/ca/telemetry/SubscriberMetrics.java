package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.function.ToLongFunction;

/** How the peers on open streams stand with what there is for them, now. */
public final class SubscriberMetrics {

  private SubscriberMetrics() {}

  /**
   * Counts at each scrape; a series for each name or peer would be too many.
   *
   * @param states all that there are
   * @param count of the pairs of stream and name in a state; must be quick
   */
  public static void bind(
      MeterRegistry registry, Collection<String> states, ToLongFunction<String> count) {
    for (String state : states) {
      var _ =
          Gauge.builder("signet.sds.subscribers", () -> count.applyAsLong(state))
              .description("Names on open streams, by how the peer stands with the newest version")
              .tag("state", state)
              .strongReference(true)
              .register(registry);
    }
  }
}
