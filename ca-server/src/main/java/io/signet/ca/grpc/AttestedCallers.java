package io.signet.ca.grpc;

import io.grpc.Context;
import io.grpc.StatusException;
import io.signet.attestation.Evidence;
import io.signet.ca.caller.CallerCheck;
import io.signet.sds.envoy.Caller;
import io.signet.sds.envoy.Callers;
import java.util.List;
import java.util.function.Supplier;

/** Attests the callers of the secret discovery service by what they show on the gRPC call. */
public final class AttestedCallers implements Callers {
  private final CallerCheck check;
  private final Supplier<List<Evidence>> shown;

  public AttestedCallers(CallerCheck check) {
    this(check, CallEvidence::current);
  }

  AttestedCallers(CallerCheck check, Supplier<List<Evidence>> shown) {
    this.check = check;
    this.shown = shown;
  }

  @Override
  public Caller current() throws StatusException {
    return check.attest(CallOrigin.current(), Context.current()::isCancelled, shown.get());
  }
}
