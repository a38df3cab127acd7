package io.signet.ca.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.signet.attestation.Evidence;
import io.signet.ca.grpc.CsrEvents;
import io.signet.ca.grpc.IstioCertificateEndpoint;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.FakeCall;
import io.signet.ca.issuance.Issuance;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.Step;
import io.signet.ca.issuance.Steps;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator sees of a request who has traces switched on. */
final class TracingTest {
  private static final String METHOD = "istio.v1.auth.IstioCertificateService/CreateCertificate";
  private static final String PARENT = "00f067aa0ba902b7";
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
  private final Tracing tracing = new Tracing(sdk(exporter));
  private final Steps steps = tracing.steps();
  private Why why = Why.UNAUTHENTICATED;
  private Server server;
  private ManagedChannel channel;

  private static OpenTelemetrySdk sdk(InMemorySpanExporter exporter) {
    return OpenTelemetrySdk.builder()
        .setTracerProvider(
            SdkTracerProvider.builder()
                .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                .build())
        .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
        .build();
  }

  @BeforeEach
  void start() throws IOException {
    var endpoint =
        new IstioCertificateEndpoint(
            tracing.around(this::attested),
            _ -> {},
            new Silent(),
            Limits.none(),
            Duration.ofSeconds(10),
            (_, _) -> () -> {});
    server =
        InProcessServerBuilder.forName("tracing")
            .addService(ServerInterceptors.intercept(endpoint, tracing.calls()))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName("tracing").build();
  }

  @AfterEach
  void stop() {
    var _ = channel.shutdownNow();
    var _ = server.shutdownNow();
    tracing.close();
  }

  private IssuanceOutcome attested(IssuanceRequest request) {
    steps.begin(Step.ATTEST);
    steps.begin(Step.WAIT);
    return new Refused(why, "the precise reason");
  }

  @Test
  void call_withTraceparent_spanBelowTheCallersAndOneForEachStep() {
    create("traceparent", "00-" + TRACE + "-" + PARENT + "-01");

    SpanData call = span(METHOD);
    assertThat(call.getTraceId()).isEqualTo(TRACE);
    assertThat(call.getParentSpanId()).isEqualTo(PARENT);
    assertThat(call.getKind()).isEqualTo(SpanKind.SERVER);
    assertThat(List.of(span("attest"), span("wait")))
        .allSatisfy(step -> assertThat(step.getParentSpanId()).isEqualTo(call.getSpanId()))
        .allSatisfy(step -> assertThat(step.hasEnded()).isTrue());
    assertThat(span("attest").getEndEpochNanos())
        .isLessThanOrEqualTo(span("wait").getStartEpochNanos());
    assertThat(call.getAttributes().get(AttributeKey.stringKey("signet.outcome")))
        .isEqualTo("unauthenticated");
    assertThat(call.getAttributes().get(AttributeKey.stringKey("signet.request"))).isNotNull();
  }

  @Test
  void call_withoutTraceparent_traceOfItsOwn() {
    create();

    assertThat(span(METHOD).getParentSpanContext().isValid()).isFalse();
  }

  // Never the reason: who reads traces need not be who may read the audit.
  @ParameterizedTest
  @CsvSource({
    "UNAUTHENTICATED, UNSET, 16",
    "CALLER_LIMITED, UNSET, 8",
    "LEDGER_UNAVAILABLE, ERROR, 14",
    "SELF_CHECK_FAILED, ERROR, 13"
  })
  void call_refused_errorOnlyIfItIsOurs(Why reason, StatusCode status, long code) {
    why = reason;
    create();

    assertThat(span(METHOD).getStatus().getStatusCode()).isEqualTo(status);
    assertThat(span(METHOD).getAttributes().get(AttributeKey.longKey("rpc.grpc.status_code")))
        .isEqualTo(code);
    assertThat(exporter.getFinishedSpanItems().toString()).doesNotContain("precise reason");
  }

  // What is granted to streams and to the server itself has no call.
  @Test
  void steps_withoutCall_nothingTraced() {
    Issuance issuance = tracing.around(this::attested);

    assertThat(
            issuance.issue(
                new IssuanceRequest(
                    FakeCall.from("10.0.0.1"), List.of(), new byte[0], Optional.empty())))
        .isEqualTo(new Refused(why, "the precise reason"));
    assertThat(exporter.getFinishedSpanItems()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "none"})
  void of_noExporterAskedFor_off(String name) {
    assertThat(Tracing.of(Map.of("OTEL_TRACES_EXPORTER", name))).isEmpty();
    assertThat(Tracing.of(Map.of())).isEmpty();
  }

  private void create(String... headers) {
    var metadata = new Metadata();
    for (int i = 0; i < headers.length; i += 2) {
      metadata.put(Metadata.Key.of(headers[i], Metadata.ASCII_STRING_MARSHALLER), headers[i + 1]);
    }
    var client =
        IstioCertificateServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
    assertThat(
            catchThrowableOfType(
                StatusRuntimeException.class,
                () -> client.createCertificate(IstioCertificateRequest.getDefaultInstance())))
        .isNotNull();
    // The answer may arrive before the span of the call has ended.
    while (exporter.getFinishedSpanItems().size() < 3) {
      Thread.onSpinWait();
    }
  }

  private SpanData span(String name) {
    return exporter.getFinishedSpanItems().stream()
        .filter(span -> span.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static final class Silent implements CsrEvents {
    @Override
    public void refused(Call call, List<Evidence> shown, Refused refused) {}

    @Override
    public void abandoned(Call call, List<Evidence> shown, Duration limit) {}
  }
}
