package io.signet.ca.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Status;
import io.grpc.StatusException;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.attestation.FakeAttestor;
import io.signet.attestation.Proof.HeldSvid;
import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.ca.caller.CallerCheck;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.RateLimit;
import io.signet.sds.Holder;
import io.signet.sds.envoy.Caller;
import io.signet.sds.envoy.Callers;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** SDS-8: how a stream ends whose caller is not proven. */
final class AttestedCallersTest {
  private static final SpiffeId ID = SpiffeId.parse("spiffe://example.org/user/me");
  private static final Evidence SHOWN = new PeerCredentials(1000, 1000, 42);

  private final List<String> told = new ArrayList<>();
  private Limits limits = Limits.none();

  // AUTH-6: the stream ends with the proof. K8S-48: no two pods share a key.
  @Test
  void current_provenPod_callerWithItsPodAndTheEndOfItsProof() throws StatusException {
    var end = Optional.of(Instant.parse("2026-11-23T13:00:00Z"));
    var pod = Optional.of(new Pod("me-1", "uid-1"));
    var proof = new ServiceAccount(ID, end, "main", "default", "me", pod);

    Caller caller = callers(new Proven(proof)).current();
    assertThat(caller.holder()).isEqualTo(new Holder(ID, "uid-1"));
    assertThat(caller.until()).isEqualTo(end);
  }

  // ISTIO-44: the stream ends with the certificate. K8S-48: two that hold one each share no key.
  @Test
  void current_provenByCertificate_callerWithItsSerialAndTheEndOfItsSvid() throws StatusException {
    var end = Optional.of(Instant.parse("2026-11-23T13:00:00Z"));
    var proof = new HeldSvid(ID, end, SerialNumber.parse("01ab"));

    Caller caller = callers(new Proven(proof)).current();
    assertThat(caller.holder()).isEqualTo(new Holder(ID, "01ab"));
    assertThat(caller.until()).isEqualTo(end);
  }

  // SC-18: what was shown when the stream was opened is looked at again while it is open.
  @Test
  void again_podIsGoneMeanwhile_refused() throws StatusException {
    var proof = new HeldSvid(ID, Optional.empty(), SerialNumber.parse("01ab"));
    var attestor = new FakeAttestor("fake").answer(SHOWN, new Proven(proof));
    Caller caller = callers(attestor).current();
    Callers again = caller.again().orElseThrow();
    assertThat(again.current().holder()).isEqualTo(caller.holder());

    attestor.answer(SHOWN, Attestation.invalid("the pod is gone"));

    assertThatThrownBy(again::current).hasMessageContaining("UNAUTHENTICATED");
    assertThat(told).containsExactly(List.of(SHOWN) + ": fake: the pod is gone");
  }

  @Test
  void current_knownWithoutIdentity_permissionDenied() {
    assertThat(refusal(Attestation.noIdentity("uid 7")))
        .isEqualTo("PERMISSION_DENIED: caller may not have what it asks for");
  }

  @Test
  void current_invalid_unauthenticatedWithoutDetail() {
    assertThat(refusal(Attestation.invalid("token of another audience")))
        .isEqualTo("UNAUTHENTICATED: request authenticate failure");
    // ISTIO-33: the reason is for us.
    assertThat(told).containsExactly(List.of(SHOWN) + ": fake: token of another audience");
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

  // RATE-2: streams are attested too, and an address that opens them in a loop is refused first.
  @Test
  void current_addressCallsTooOften_resourceExhaustedBeforeAnybodyIsJudged() {
    limits = new Limits(onceEach(), Optional.empty(), OptionalInt.empty(), () -> 0);
    assertThat(limits.ofAddress("unknown")).isEmpty();

    assertThat(refusal(Attestation.unavailable("connection refused")))
        .isEqualTo("RESOURCE_EXHAUSTED: too many requests; try again later");
    assertThat(told).containsExactly(List.of(SHOWN) + ": unknown calls too often");
  }

  private static Optional<RateLimit> onceEach() {
    return Optional.of(new RateLimit(1, 1));
  }

  private String refusal(Attestation attestation) {
    var callers = callers(attestation);
    Status status = catchThrowableOfType(StatusException.class, callers::current).getStatus();
    return status.getCode() + ": " + status.getDescription();
  }

  private AttestedCallers callers(Attestation attestation) {
    return callers(new FakeAttestor("fake").answer(SHOWN, attestation));
  }

  private AttestedCallers callers(FakeAttestor attestor) {
    var check =
        new CallerCheck(
            new Attestors(List.of(attestor)),
            limits,
            (_, shown, refused) -> told.add(shown + ": " + refused.detail()));
    return new AttestedCallers(check, () -> List.of(SHOWN));
  }
}
