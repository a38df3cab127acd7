package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Counts the callers that may not ask in the name of another, by the rule that says so (ISTIO-33).
 * Safe for use by many threads.
 */
public final class ImpersonationMetrics {
  private final Map<String, Counter> denials = new HashMap<>();

  /**
   * @param rules all that there are
   */
  public ImpersonationMetrics(MeterRegistry registry, Collection<String> rules) {
    rules.forEach(rule -> denials.put(rule, counter(registry, rule)));
  }

  private static Counter counter(MeterRegistry registry, String rule) {
    return Counter.builder("signet.impersonation.denied")
        .description("Requests in the name of another that a rule denied")
        .tag("rule", rule)
        .register(registry);
  }

  /** One was denied by this rule. */
  public void denied(String rule) {
    Objects.requireNonNull(denials.get(rule), rule).increment();
  }
}
