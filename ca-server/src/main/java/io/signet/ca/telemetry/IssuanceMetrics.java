package io.signet.ca.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * The counts that istiod has under the names that dashboards know (ISTIO-75), and our own, which
 * tell every reason apart.
 */
final class IssuanceMetrics implements Observation.Measures {
  private static final String PREFIX = "citadel_server_";
  private final MeterRegistry registry;
  private final LongAdder requests;
  private final LongAdder successes;
  private final Map<Why, LongAdder> refusals = new EnumMap<>(Why.class);
  private final LongAdder failures;
  private final IssuanceTimers timers;
  private final Counter abandoned;

  IssuanceMetrics(MeterRegistry registry) {
    this.registry = registry;
    requests = count("csr_count", Tags.empty());
    successes = count("success_cert_issuance_count", Tags.empty());
    // Stays 0: a proof has its identity. Dashboards look for the name all the same.
    var _ = count("id_extraction_err_count", Tags.empty());
    failures = signError("CERT_GEN_ERROR");
    fillRefusals();
    timers = new IssuanceTimers(registry, "request");
    abandoned =
        Counter.builder("signet.issuance.abandoned")
            .description("Requests not answered by issuance within the limit of the endpoint")
            .register(registry);
  }

  @Override
  public void decided(IssuanceOutcome outcome, Duration took) {
    requests.increment();
    timers.decided(outcome, took);
    switch (outcome) {
      case Issued _ -> successes.increment();
      case Refused(Why why, _, _) ->
          Objects.requireNonNull(refusals.get(why), why::name).increment();
    }
  }

  @Override
  public void failed(Duration took) {
    requests.increment();
    timers.failed(took);
    failures.increment();
  }

  void abandoned() {
    abandoned.increment();
  }

  // Which of istiod's counts a refusal belongs to, and istiod's word for the error.
  private void fillRefusals() {
    LongAdder authentication = count("authentication_failure_count", Tags.empty());
    LongAdder parsing = count("csr_parsing_err_count", Tags.empty());
    // istiod knows no such refusals.
    LongAdder denied = signError("NOT_ENTITLED");
    LongAdder limited = signError("LIMITED");
    LongAdder abandoning = signError("ABANDONED");
    LongAdder notReady = signError("CA_NOT_READY");
    for (Why why : Why.values()) {
      refusals.put(
          why,
          switch (why) {
            case UNAUTHENTICATED, ATTESTATION_UNAVAILABLE -> authentication;
            case BAD_REQUEST -> parsing;
            case NOT_ENTITLED -> denied;
            case ADDRESS_LIMITED, CALLER_LIMITED, OVERLOADED -> limited;
            case ABANDONED -> abandoning;
            case NO_AUTHORITY -> notReady;
            case CUSTODY_UNAVAILABLE, LEDGER_UNAVAILABLE, SELF_CHECK_FAILED -> failures;
          });
    }
  }

  private LongAdder signError(String error) {
    return count("csr_sign_err_count", Tags.of("error", error));
  }

  private LongAdder count(String name, Tags tags) {
    return Metrics.istioCount(registry, PREFIX + name, tags);
  }
}
