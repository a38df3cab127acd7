package io.signet.ca.telemetry;

import io.grpc.Context;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.ca.issuance.Step;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The span of one call and that of the step it is at. Its steps are taken by one thread. */
final class CallTrace {
  static final Context.Key<CallTrace> CURRENT = Context.key("signet-trace");

  private final Tracer tracer;
  private final Span call;
  private @Nullable Span step;

  CallTrace(Tracer tracer, Span call) {
    this.tracer = tracer;
    this.call = call;
  }

  /** That of the current call; there is none where nobody called. */
  static Optional<CallTrace> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  void begin(Step next) {
    endStep();
    step =
        tracer
            .spanBuilder(next.name().toLowerCase(Locale.ROOT))
            .setParent(io.opentelemetry.context.Context.root().with(call))
            .startSpan();
  }

  void endStep() {
    Span last = step;
    step = null;
    if (last != null) {
      last.end();
    }
  }

  /** Notes what became of the request, in words that our log and metrics have too. */
  void decided(IssuanceRequest request, IssuanceOutcome outcome) {
    call.setAttribute("signet.request", request.call().id());
    call.setAttribute("signet.outcome", word(outcome));
  }

  private static String word(IssuanceOutcome outcome) {
    return switch (outcome) {
      case Issued _ -> "issued";
      case Refused refused -> refused.why().name().toLowerCase(Locale.ROOT);
    };
  }
}
