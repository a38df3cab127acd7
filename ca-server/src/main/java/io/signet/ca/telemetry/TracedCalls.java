package io.signet.ca.telemetry;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import org.jspecify.annotations.Nullable;

/** A span for each certificate request, below that of the caller if it sent one (W3C). */
final class TracedCalls implements ServerInterceptor {
  private final OpenTelemetry telemetry;
  private final Tracer tracer;

  TracedCalls(OpenTelemetry telemetry, Tracer tracer) {
    this.telemetry = telemetry;
    this.tracer = tracer;
  }

  @Override
  public <Q, S> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
    MethodDescriptor<Q, S> method = call.getMethodDescriptor();
    if (!IstioCertificateServiceGrpc.SERVICE_NAME.equals(method.getServiceName())) {
      return next.startCall(call, headers);
    }
    Span span = span(method, headers);
    Context context = Context.current().withValue(CallTrace.CURRENT, new CallTrace(tracer, span));
    return Contexts.interceptCall(context, ending(span, call), headers, next);
  }

  private Span span(MethodDescriptor<?, ?> method, Metadata headers) {
    var caller =
        telemetry
            .getPropagators()
            .getTextMapPropagator()
            .extract(io.opentelemetry.context.Context.root(), headers, TracedCalls::header);
    return tracer
        .spanBuilder(method.getFullMethodName())
        .setParent(caller)
        .setSpanKind(SpanKind.SERVER)
        .setAttribute("rpc.system", "grpc")
        .setAttribute("rpc.service", method.getServiceName())
        .setAttribute("rpc.method", method.getBareMethodName())
        .startSpan();
  }

  private static <Q, S> ServerCall<Q, S> ending(Span span, ServerCall<Q, S> call) {
    return new SimpleForwardingServerCall<>(call) {
      @Override
      public void close(Status status, Metadata trailers) {
        super.close(status, trailers);
        span.setAttribute("rpc.grpc.status_code", status.getCode().value());
        if (isOurs(status)) {
          span.setStatus(StatusCode.ERROR);
        }
        span.end();
      }
    };
  }

  // By OpenTelemetry's conventions for servers; what is wrong with a caller is no error of ours.
  private static boolean isOurs(Status status) {
    return switch (status.getCode()) {
      case UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS -> true;
      case OK,
          CANCELLED,
          INVALID_ARGUMENT,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          RESOURCE_EXHAUSTED,
          FAILED_PRECONDITION,
          ABORTED,
          OUT_OF_RANGE,
          UNAUTHENTICATED ->
          false;
    };
  }

  private static @Nullable String header(@Nullable Metadata headers, String name) {
    return headers == null
        ? null
        : headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
  }
}
