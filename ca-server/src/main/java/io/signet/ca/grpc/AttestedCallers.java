package io.signet.ca.grpc;

import io.grpc.Context;
import io.grpc.StatusException;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.Limits;
import io.signet.sds.Holder;
import io.signet.sds.envoy.Caller;
import io.signet.sds.envoy.Callers;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Attests the callers of the secret discovery service by what they show on the call. */
public final class AttestedCallers implements Callers {

  /** Told of each caller that is refused. */
  @FunctionalInterface
  public interface Refusals {

    /**
     * What was shown and the precise reason, which the caller is not told (ISTIO-33). Must not
     * block.
     */
    void refused(Call call, List<Evidence> shown, Refused why);
  }

  private final Attestors attestors;
  private final Limits limits;
  private final Refusals refusals;
  private final Supplier<List<Evidence>> shown;

  /**
   * @param limits of which only that of an address counts: what streams are sent is renewed by us,
   *     however often they ask
   */
  public AttestedCallers(Attestors attestors, Limits limits, Refusals refusals) {
    this(attestors, limits, refusals, CallEvidence::current);
  }

  AttestedCallers(
      Attestors attestors, Limits limits, Refusals refusals, Supplier<List<Evidence>> shown) {
    this.attestors = attestors;
    this.limits = limits;
    this.refusals = refusals;
    this.shown = shown;
  }

  @Override
  public Caller current() throws StatusException {
    CallOrigin origin = CallOrigin.current();
    List<Evidence> evidence = shown.get();
    Optional<Refused> tooOften = limits.ofAddress(origin.network());
    if (tooOften.isPresent()) {
      throw refused(origin, evidence, tooOften.get());
    }
    return attested(origin, evidence);
  }

  // A stream may outlive what was true when it was opened: what was shown then is looked at again.
  private Caller attested(CallOrigin origin, List<Evidence> evidence) throws StatusException {
    return switch (attestors.attest(evidence)) {
      case Proven(var proof) ->
          new Caller(
              new Holder(proof.id(), proof.instance()),
              proof.until(),
              Optional.of(() -> attested(origin, evidence)));
      case Unproven(var refusal) -> throw refused(origin, evidence, Refused.of(refusal));
    };
  }

  private StatusException refused(CallOrigin origin, List<Evidence> evidence, Refused why) {
    refusals.refused(origin.in(Context.current()), evidence, why);
    return Statuses.of(why).asException();
  }
}
