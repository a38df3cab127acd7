package io.signet.ca.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Status;
import io.grpc.StatusException;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestor;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.attestation.Proof.LocalUser;
import io.signet.sds.envoy.Caller;
import io.signet.spiffe.SpiffeId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** SDS-8: how a stream ends whose caller is not proven. */
final class AttestedCallersTest {
  private static final SpiffeId ID = SpiffeId.parse("spiffe://example.org/user/me");
  private static final Evidence SHOWN = new PeerCredentials(1000, 1000, 42);

  @Test
  void current_proven_callerWithTheEndOfItsProof() throws StatusException {
    var proof = new LocalUser(ID, 1000, 42);

    assertThat(callers(new Proven(proof)).current()).isEqualTo(new Caller(ID, Optional.empty()));
  }

  @Test
  void current_invalid_unauthenticatedWithoutDetail() {
    assertThat(refusal(Attestation.invalid("token of another audience")))
        .isEqualTo("UNAUTHENTICATED: request authenticate failure");
  }

  @Test
  void current_nothingShown_unauthenticated() {
    assertThat(refusal(Attestation.missing("no token")))
        .isEqualTo("UNAUTHENTICATED: request authenticate failure");
  }

  @Test
  void current_backendDown_unavailable() {
    assertThat(refusal(Attestation.unavailable("connection refused")))
        .isEqualTo("UNAVAILABLE: temporarily unable to serve the request");
  }

  private static String refusal(Attestation attestation) {
    var callers = callers(attestation);
    Status status = catchThrowableOfType(StatusException.class, callers::current).getStatus();
    return status.getCode() + ": " + status.getDescription();
  }

  private static AttestedCallers callers(Attestation attestation) {
    var attestors = new Attestors(List.of(new Always(attestation)));
    return new AttestedCallers(attestors, () -> List.of(SHOWN));
  }

  private record Always(Attestation attestation) implements Attestor {
    @Override
    public String name() {
      return "always";
    }

    @Override
    public Attestation attest(Evidence evidence) {
      return attestation;
    }
  }
}
