package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
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
import java.util.concurrent.atomic.LongAdder;

/**
 * The counts that istiod has under the names that dashboards know (ISTIO-75), and our own, which
 * tell every reason apart.
 */
final class IssuanceMetrics {
  private static final String PREFIX = "citadel_server_";
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(5), Duration.ofMillis(10),
    Duration.ofMillis(25), Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250),
    Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(10)
  };

  private final MeterRegistry registry;
  private final LongAdder requests;
  private final LongAdder successes;
  private final Map<Why, LongAdder> refusals = new EnumMap<>(Why.class);
  private final Timer issued;
  private final Map<Why, Timer> refused = new EnumMap<>(Why.class);
  private final Counter abandoned;

  IssuanceMetrics(MeterRegistry registry) {
    this.registry = registry;
    requests = count("csr_count", Tags.empty());
    successes = count("success_cert_issuance_count", Tags.empty());
    // Stays 0: a proof has its identity. Dashboards look for the name all the same.
    var _ = count("id_extraction_err_count", Tags.empty());
    fillRefusals();
    issued = timer("issued");
    for (Why why : Why.values()) {
      refused.put(why, timer(why.name().toLowerCase(Locale.ROOT)));
    }
    abandoned =
        Counter.builder("signet.issuance.abandoned")
            .description("Requests not answered by issuance within the limit of the endpoint")
            .register(registry);
  }

  void decided(IssuanceOutcome outcome, Duration took) {
    requests.increment();
    switch (outcome) {
      case Issued _ -> {
        successes.increment();
        issued.record(took);
      }
      case Refused(Why why, String _) -> {
        of(refusals, why).increment();
        of(refused, why).record(took);
      }
    }
  }

  void abandoned() {
    abandoned.increment();
  }

  private static <V> V of(Map<Why, V> all, Why why) {
    return Objects.requireNonNull(all.get(why), why::name);
  }

  // Which of istiod's counts a refusal belongs to, and istiod's word for the error.
  private void fillRefusals() {
    LongAdder authentication = count("authentication_failure_count", Tags.empty());
    LongAdder parsing = count("csr_parsing_err_count", Tags.empty());
    LongAdder denied = signError("NOT_ENTITLED"); // istiod knows no such refusal
    LongAdder notReady = signError("CA_NOT_READY");
    LongAdder generation = signError("CERT_GEN_ERROR");
    for (Why why : Why.values()) {
      refusals.put(
          why,
          switch (why) {
            case UNAUTHENTICATED, ATTESTATION_UNAVAILABLE -> authentication;
            case BAD_REQUEST -> parsing;
            case NOT_ENTITLED -> denied;
            case NO_AUTHORITY -> notReady;
            case CUSTODY_UNAVAILABLE, LEDGER_UNAVAILABLE, SELF_CHECK_FAILED -> generation;
          });
    }
  }

  private LongAdder signError(String error) {
    return count("csr_sign_err_count", Tags.of("error", error));
  }

  private LongAdder count(String name, Tags tags) {
    return Metrics.istioCount(registry, PREFIX + name, tags);
  }

  private Timer timer(String outcome) {
    return Timer.builder("signet.issuance")
        .description("From the request to the decision")
        .tag("outcome", outcome)
        .serviceLevelObjectives(BUCKETS)
        .register(registry);
  }
}
