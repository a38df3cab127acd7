package io.signet.ca.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.signet.ca.caller.Origin;
import io.signet.ca.caller.Statuses;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.Limits;
import java.util.List;
import java.util.Optional;

/**
 * Turns certificate requests away before they are read and before anybody is judged: those of an
 * address that calls too often, and all while there is more to do than we can. It stands before
 * everything that costs and runs on the event loop, so that turning away costs next to nothing.
 */
public final class Door implements ServerInterceptor {
  private final Limits limits;
  private final CsrEvents events;

  public Door(Limits limits, CsrEvents events) {
    this.limits = limits;
    this.events = events;
  }

  @Override
  public <Q, S> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
    if (!IstioCertificateEndpoint.serves(call.getMethodDescriptor())) {
      return next.startCall(call, headers);
    }
    Origin origin = CallOrigin.current();
    Optional<Refused> refused = limits.ofAddress(origin.network()).or(limits::ofAll);
    if (refused.isEmpty()) {
      return next.startCall(call, headers);
    }
    events.refused(origin.call(Context.current()::isCancelled), List.of(), refused.get());
    call.close(Statuses.of(refused.get()), new Metadata());
    return new ServerCall.Listener<>() {};
  }
}
