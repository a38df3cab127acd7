package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.atomic.LongAdder;

/** All metrics of the process, with those of the JVM. Safe for use by many threads. */
public final class Metrics implements AutoCloseable {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gc = new JvmGcMetrics();

  public Metrics() {
    gc.bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }

  /** Where others register theirs. */
  public MeterRegistry registry() {
    return registry;
  }

  /** Tells who does a part of the cryptography, for speed and security depend on it. */
  public void provider(String of, String name) {
    var _ =
        Gauge.builder("signet.crypto.provider", () -> 1)
            .description("Always 1; its tags tell who does which part of the cryptography")
            .tag("of", of)
            .tag("provider", name)
            .strongReference(true)
            .register(registry);
  }

  /** Everything in Prometheus' text format. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }

  /**
   * A count under exactly this name. A Micrometer counter would be exposed with the suffix {@code
   * _total}, which istiod's names do not have and the dashboards for them do not look for
   * (ISTIO-75).
   */
  static LongAdder istioCount(MeterRegistry registry, String name, Tags tags) {
    var count = new LongAdder();
    var _ =
        Gauge.builder(name, count, LongAdder::sum)
            .tags(tags)
            .strongReference(true)
            .register(registry);
    return count;
  }
}
