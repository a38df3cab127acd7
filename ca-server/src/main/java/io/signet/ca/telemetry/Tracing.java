package io.signet.ca.telemetry;

import io.grpc.ServerInterceptor;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.signet.ca.issuance.Issuance;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.ca.issuance.Steps;
import java.util.Map;
import java.util.Optional;

/**
 * OpenTelemetry traces of certificate requests: a span for the call and one for each of its steps.
 * Off unless it is asked for; then nothing of this stands in the way of a request. Safe for use by
 * many threads.
 */
public final class Tracing implements AutoCloseable {
  private static final String EXPORTER = "OTEL_TRACES_EXPORTER";
  private static final String NONE = "none";

  private final OpenTelemetrySdk sdk;
  private final Tracer tracer;

  Tracing(OpenTelemetrySdk sdk) {
    this.sdk = sdk;
    this.tracer = sdk.getTracer("io.signet");
  }

  /**
   * On if {@code OTEL_TRACES_EXPORTER} names an exporter, such as {@code otlp}. All else follows
   * OpenTelemetry's own variables in the environment of the process.
   *
   * @throws IllegalArgumentException if one of them has a value that it may not have; the message
   *     names it
   */
  public static Optional<Tracing> of(Map<String, String> environment) {
    String exporter = environment.getOrDefault(EXPORTER, "").strip();
    return exporter.isEmpty() || exporter.equals(NONE)
        ? Optional.empty()
        : Optional.of(new Tracing(configured()));
  }

  private static OpenTelemetrySdk configured() {
    try {
      return AutoConfiguredOpenTelemetrySdk.builder()
          .disableShutdownHook() // We end it ourselves, after the last call.
          .addPropertiesSupplier(Tracing::defaults)
          .build()
          .getOpenTelemetrySdk();
    } catch (ConfigurationException e) {
      throw new IllegalArgumentException("traces: " + e.getMessage(), e);
    }
  }

  // Metrics and logs have ways of their own; of OTLP we ship the HTTP client only.
  private static Map<String, String> defaults() {
    return Map.of(
        "otel.service.name",
        "signet",
        "otel.metrics.exporter",
        NONE,
        "otel.logs.exporter",
        NONE,
        "otel.exporter.otlp.protocol",
        "http/protobuf");
  }

  /** Begins and ends the spans of calls. */
  public ServerInterceptor calls() {
    return new TracedCalls(sdk, tracer);
  }

  /** Begins the spans of steps. */
  public Steps steps() {
    return step -> CallTrace.current().ifPresent(trace -> trace.begin(step));
  }

  /** The issuance, with the span of its last step ended and its outcome noted. */
  public Issuance around(Issuance issuance) {
    return request ->
        CallTrace.current()
            .map(trace -> traced(trace, issuance, request))
            .orElseGet(() -> issuance.issue(request));
  }

  private static IssuanceOutcome traced(
      CallTrace trace, Issuance issuance, IssuanceRequest request) {
    try {
      IssuanceOutcome outcome = issuance.issue(request);
      trace.decided(request, outcome);
      return outcome;
    } finally {
      trace.endStep();
    }
  }

  /** Sends what was not sent yet. */
  @Override
  public void close() {
    sdk.close();
  }
}
