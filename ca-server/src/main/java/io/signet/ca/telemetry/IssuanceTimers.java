package io.signet.ca.telemetry;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** How long each issuance of one kind took, by its outcome. */
final class IssuanceTimers implements Observation.Measures {
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(5), Duration.ofMillis(10),
    Duration.ofMillis(25), Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250),
    Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(10)
  };

  private final MeterRegistry registry;
  private final String of;
  private final Timer issued;
  private final Timer failed;
  private final Map<Why, Timer> refused = new EnumMap<>(Why.class);

  /**
   * @param of what was issued to: a {@code request}, or a {@code grant} made before
   */
  IssuanceTimers(MeterRegistry registry, String of) {
    this.registry = registry;
    this.of = of;
    issued = timer("issued");
    failed = timer("failed");
    for (Why why : Why.values()) {
      refused.put(why, timer(why.name().toLowerCase(Locale.ROOT)));
    }
  }

  @Override
  public void decided(IssuanceOutcome outcome, Duration took) {
    switch (outcome) {
      case Issued _ -> issued.record(took);
      case Refused(Why why, _, _) ->
          Objects.requireNonNull(refused.get(why), why::name).record(took);
    }
  }

  @Override
  public void failed(Duration took) {
    failed.record(took);
  }

  private Timer timer(String outcome) {
    return Timer.builder("signet.issuance")
        .description("From the request to the decision")
        .tag("of", of)
        .tag("outcome", outcome)
        .serviceLevelObjectives(BUCKETS)
        .register(registry);
  }
}
