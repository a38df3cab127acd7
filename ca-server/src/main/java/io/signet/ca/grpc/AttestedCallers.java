package io.signet.ca.grpc;

import io.grpc.StatusException;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.sds.Holder;
import io.signet.sds.envoy.Caller;
import io.signet.sds.envoy.Callers;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** Attests the callers of the secret discovery service by what they show on the call. */
public final class AttestedCallers implements Callers {
  private final Attestors attestors;
  private final BiConsumer<List<Evidence>, Refused> onRefused;
  private final Supplier<List<Evidence>> shown;

  /**
   * @param onRefused is told what was shown and the precise reason, which the caller is not
   *     (ISTIO-33); must not block
   */
  public AttestedCallers(Attestors attestors, BiConsumer<List<Evidence>, Refused> onRefused) {
    this(attestors, onRefused, CallEvidence::current);
  }

  AttestedCallers(
      Attestors attestors,
      BiConsumer<List<Evidence>, Refused> onRefused,
      Supplier<List<Evidence>> shown) {
    this.attestors = attestors;
    this.onRefused = onRefused;
    this.shown = shown;
  }

  @Override
  public Caller current() throws StatusException {
    List<Evidence> evidence = shown.get();
    return switch (attestors.attest(evidence)) {
      case Proven(var proof) -> new Caller(new Holder(proof.id(), proof.instance()), proof.until());
      case Unproven(var refusal) -> throw refused(evidence, Refused.of(refusal));
    };
  }

  private StatusException refused(List<Evidence> evidence, Refused refused) {
    onRefused.accept(evidence, refused);
    return Statuses.of(refused).asException();
  }
}
