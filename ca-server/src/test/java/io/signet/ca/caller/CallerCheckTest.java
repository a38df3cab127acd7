package io.signet.ca.caller;

import static io.signet.ca.testing.Fixtures.CART;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.FakeAttestor;
import io.signet.attestation.Proof;
import io.signet.attestation.Proof.LocalUser;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.ca.issuance.Limits;
import io.signet.sds.Holder;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Who those are that ask for secrets, and who counts as one with whom. */
final class CallerCheckTest {

  @Test
  void attest_pod_isOneWhereverItCallsFrom() throws Exception {
    Proof pod = account(Optional.of(new Proof.Pod("cart-1", "uid-1")));

    assertThat(holder(pod, "10.0.0.1")).isEqualTo(new Holder(CART, "uid-1"));
    assertThat(holder(pod, "10.0.0.2")).isEqualTo(new Holder(CART, "uid-1"));
  }

  // A rotation does not take one that is cut off for another that is here.
  @Test
  void attest_proofThatTellsNoInstance_isOneForEachAddress() throws Exception {
    Proof nobodyKnowsWhich = account(Optional.empty());

    assertThat(holder(nobodyKnowsWhich, "10.0.0.1")).isEqualTo(new Holder(CART, "10.0.0.1"));
    assertThat(holder(nobodyKnowsWhich, "10.0.0.2")).isEqualTo(new Holder(CART, "10.0.0.2"));
  }

  @Test
  void attest_localUser_allItsProcessesAreOne() throws Exception {
    assertThat(holder(new LocalUser(CART, 1000, 1), "uid 1000, pid 1"))
        .isEqualTo(holder(new LocalUser(CART, 1000, 2), "uid 1000, pid 2"));
  }

  private static Proof account(Optional<Proof.Pod> pod) {
    return new ServiceAccount(CART, Optional.empty(), "c1", "shop", "cart", pod);
  }

  private static Holder holder(Proof proof, String address) throws Exception {
    var shown = new BearerToken("token", "");
    var attestor = new FakeAttestor("fake").answer(shown, new Proven(proof));
    var unlimited =
        new Limits(Optional.empty(), Optional.empty(), OptionalInt.empty(), System::nanoTime);
    CallerCheck check =
        new CallerCheck(new Attestors(List.of(attestor)), unlimited, (_, _, _) -> {});
    return check.attest(Origin.of(address), () -> false, List.of(shown)).holder();
  }
}
