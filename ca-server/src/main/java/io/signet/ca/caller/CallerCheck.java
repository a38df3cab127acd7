package io.signet.ca.caller;

import io.grpc.StatusException;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.Proof;
import io.signet.attestation.Proof.LocalUser;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.Limits;
import io.signet.sds.Holder;
import io.signet.sds.envoy.Caller;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Attests those who ask for secrets by what they show on the call. Safe for use by many threads.
 */
public final class CallerCheck {

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

  /**
   * @param limits of which only that of an address counts: what is sent is renewed by us, however
   *     often callers ask
   */
  public CallerCheck(Attestors attestors, Limits limits, Refusals refusals) {
    this.attestors = attestors;
    this.limits = limits;
    this.refusals = refusals;
  }

  /**
   * Judges a caller by all that it shows. May block.
   *
   * @param over whether nobody waits for the answer any more
   * @throws StatusException if it is refused (SDS-8)
   */
  public Caller attest(Origin origin, BooleanSupplier over, List<Evidence> shown)
      throws StatusException {
    Call call = origin.call(over);
    Optional<Refused> tooOften = limits.ofAddress(origin.network());
    if (tooOften.isPresent()) {
      throw refused(call, shown, tooOften.get());
    }
    return attested(call, shown);
  }

  // A stream may outlive what was true when it was opened: what was shown then is looked at again.
  private Caller attested(Call call, List<Evidence> shown) throws StatusException {
    return switch (attestors.attest(shown)) {
      case Proven(var proof) ->
          new Caller(
              new Holder(proof.id(), instance(proof, call)),
              proof.until(),
              Optional.of(() -> attested(call, shown)));
      case Unproven(var refusal) -> throw refused(call, shown, Refused.of(refusal));
    };
  }

  // Whose proof tells nothing is told apart by where it calls from, so that one that is cut off is
  // not taken for one that is here. Processes of one local user stay one.
  private static String instance(Proof proof, Call call) {
    return proof.instance().isEmpty() && !(proof instanceof LocalUser)
        ? call.address()
        : proof.instance();
  }

  private StatusException refused(Call call, List<Evidence> shown, Refused why) {
    refusals.refused(call, shown, why);
    return Statuses.of(why).asException();
  }
}
