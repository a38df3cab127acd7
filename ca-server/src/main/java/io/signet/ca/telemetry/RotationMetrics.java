package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.rotation.RotationRunner.Outlook;
import java.time.Duration;
import java.util.function.Supplier;

/** How far a rotation is; of the server that leads, and nothing of others. */
public final class RotationMetrics {

  private RotationMetrics() {}

  /**
   * Shows it at each scrape.
   *
   * @param outlook of now
   * @param generation under which this server signs
   * @param bundle that this server delivers
   * @param skew how far the clock of this server is ahead of the store's
   */
  public static void bind(
      MeterRegistry registry,
      Supplier<Outlook> outlook,
      Supplier<Number> generation,
      Supplier<Number> bundle,
      Supplier<Duration> skew) {
    gauge(
        registry,
        "signet.rotation.lagging",
        "How many the rotation waits for",
        () -> outlook.get().lagging());
    gauge(
        registry,
        "signet.rotation.alarms",
        "How many refusals, missed deadlines and troubles of this server hold the rotation",
        () -> outlook.get().alarms().size());
    gauge(registry, "signet.rotation.generation", "Under which root it signs", generation);
    gauge(registry, "signet.rotation.bundle", "Which version of the bundle it delivers", bundle);
    gauge(
        registry,
        "signet.clock.skew.seconds",
        "How far the clock is ahead of the database's",
        () -> skew.get().toMillis() / 1000.0);
  }

  private static void gauge(
      MeterRegistry registry, String name, String description, Supplier<Number> value) {
    var _ =
        Gauge.builder(name, value)
            .description(description)
            .strongReference(true)
            .register(registry);
  }
}
