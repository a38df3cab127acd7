package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.signet.hsm.CustodianEvent;
import io.signet.hsm.CustodianEvent.Failed;
import io.signet.hsm.CustodianEvent.Lost;
import io.signet.hsm.CustodianEvent.Recovered;
import io.signet.hsm.CustodianEvent.Signed;
import io.signet.hsm.CustodianEvent.StillLost;
import io.signet.hsm.CustodianEvent.Waited;
import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodianStatus.Load;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyCustodian;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToIntFunction;

/** Counts and times what one custodian does (KC-8). Safe for use by many threads. */
public final class CustodianMetrics implements CustodianListener {
  private static final Duration[] BUCKETS = {
    Duration.ofNanos(250_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5)
  };

  private final Timer signatures;
  private final Timer waits;
  private final Map<Fault, Counter> errors = new EnumMap<>(Fault.class);

  /**
   * @param custodian its kind, which all of these are tagged with
   */
  public CustodianMetrics(MeterRegistry registry, String custodian) {
    signatures =
        Timer.builder("signet.custodian.signature")
            .description("From the call to a signature that is verified, with the wait")
            .tag("custodian", custodian)
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
    waits =
        Timer.builder("signet.custodian.wait")
            .description("How long calls have waited for their turn on the device")
            .tag("custodian", custodian)
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
    for (Fault fault : Fault.values()) {
      errors.put(
          fault,
          Counter.builder("signet.custodian.errors")
              .description("Calls that failed, by what that means")
              .tag("custodian", custodian)
              .tag("fault", fault.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
  }

  @Override
  public void happened(CustodianEvent event) {
    switch (event) {
      case Signed(Duration took) -> signatures.record(took);
      case Waited(Duration time) -> waits.record(time);
      case Failed(CustodyException why) ->
          Objects.requireNonNull(errors.get(why.fault()), why.fault()::name).increment();
      // Each call that notices fails as well, or is served all the same.
      case Lost _, StillLost _, Recovered _ -> {}
    }
  }

  /** Reads at each scrape how this one stands; of keys in this process there is nothing to read. */
  public static void bind(MeterRegistry registry, Clock clock, KeyCustodian custodian) {
    if (custodian.status().load().isPresent()) {
      bind(registry, custodian, "permits.free", "Calls that the device has room for", Load::free);
      bind(registry, custodian, "waiting", "Calls that wait for their turn", Load::waiting);
      bind(registry, custodian, "given.up", "Calls that hang and keep a permit", Load::givenUp);
    }
    if (custodian.status().leaseEnds().isPresent()) {
      var _ =
          Gauge.builder("signet.custodian.lease", () -> secondsLeft(clock, custodian))
              .description("Until access to the keys ends unless it is renewed; +Inf: never")
              .baseUnit("seconds")
              .strongReference(true)
              .register(registry);
    }
  }

  private static void bind(
      MeterRegistry registry,
      KeyCustodian custodian,
      String name,
      String description,
      ToIntFunction<Load> value) {
    var _ =
        Gauge.builder("signet.custodian." + name, () -> read(custodian, value))
            .description(description)
            .strongReference(true)
            .register(registry);
  }

  private static double read(KeyCustodian custodian, ToIntFunction<Load> value) {
    return custodian
        .status()
        .load()
        .map(load -> (double) value.applyAsInt(load))
        .orElse(Double.NaN);
  }

  private static double secondsLeft(Clock clock, KeyCustodian custodian) {
    return custodian
        .status()
        .leaseEnds()
        .map(end -> end.equals(Instant.MAX) ? Double.POSITIVE_INFINITY : seconds(clock, end))
        .orElse(Double.NaN);
  }

  private static double seconds(Clock clock, Instant end) {
    return Duration.between(clock.instant(), end).toMillis() / 1000.0;
  }
}
