package io.signet.ca.grpc;

import io.grpc.StatusException;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.Refusal;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.sds.Holder;
import io.signet.sds.envoy.Caller;
import io.signet.sds.envoy.Callers;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Attests the callers of the secret discovery service by what they show on the call. */
public final class AttestedCallers implements Callers {
  private static final Logger LOG = LoggerFactory.getLogger(AttestedCallers.class);

  private final Attestors attestors;
  private final Supplier<List<Evidence>> shown;

  public AttestedCallers(Attestors attestors) {
    this(attestors, CallEvidence::current);
  }

  AttestedCallers(Attestors attestors, Supplier<List<Evidence>> shown) {
    this.attestors = attestors;
    this.shown = shown;
  }

  @Override
  public Caller current() throws StatusException {
    List<Evidence> evidence = shown.get();
    return switch (attestors.attest(evidence)) {
      case Proven(var proof) -> new Caller(new Holder(proof.id(), proof.instance()), proof.until());
      case Unproven(var refusal) -> throw refused(evidence, refusal);
    };
  }

  // Only here is the precise reason told (ISTIO-33).
  private static StatusException refused(List<Evidence> evidence, Refusal refusal) {
    LOG.info("stream refused to {}: {}", evidence, refusal);
    return Statuses.of(Refused.of(refusal)).asException();
  }
}
