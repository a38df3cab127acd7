package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.issuance.Limits;
import java.util.function.Supplier;

/** How many requests are where, now; what each limit refused is counted by its outcome. */
public final class LimitsMetrics {

  private LimitsMetrics() {}

  public static void bind(MeterRegistry registry, Limits limits) {
    gauge(registry, "in_hand", limits::requestsInHand);
    gauge(registry, "waiting", limits::requestsWaiting);
    gauge(registry, "in_turn", limits::requestsInTurn);
  }

  private static void gauge(MeterRegistry registry, String state, Supplier<Number> value) {
    var _ =
        Gauge.builder("signet.requests", value)
            .description("Requests read and not answered; of these, waiting and in turn")
            .tag("state", state)
            .register(registry);
  }
}
