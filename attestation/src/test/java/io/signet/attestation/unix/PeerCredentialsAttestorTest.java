package io.signet.attestation.unix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestor;
import io.signet.attestation.AttestorContract;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.attestation.Proof.LocalUser;
import io.signet.attestation.unix.PeerCredentialsAttestor.Rule;
import io.signet.spiffe.SpiffeId;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PeerCredentialsAttestorTest extends AttestorContract {

  private static final SpiffeId RUNNER = SpiffeId.parse("spiffe://example.org/ns/build/sa/runner");
  private static final SpiffeId HIGH = SpiffeId.parse("spiffe://example.org/user/high");

  private final PeerCredentialsAttestor attestor =
      new PeerCredentialsAttestor(List.of(new Rule(1000, RUNNER), new Rule(-2, HIGH)));

  @Override
  protected Attestor attestor() {
    return attestor;
  }

  @Override
  protected Evidence good() {
    return new PeerCredentials(1000, 100, 4711);
  }

  @Override
  protected SpiffeId identity() {
    return RUNNER;
  }

  @Override
  protected Evidence garbage(Random random) {
    // From 2000 on and below -2: no number of these is in a rule.
    int uid = random.nextBoolean() ? 2000 + random.nextInt(1 << 20) : -3 - random.nextInt(1 << 20);
    return new PeerCredentials(uid, random.nextInt(), random.nextInt());
  }

  @Test
  void attest_knownUid_provenWithUidAndPid() {
    assertThat(attestor.attest(new PeerCredentials(1000, 100, 4711)))
        .isEqualTo(new Attestation.Proven(new LocalUser(RUNNER, 1000, 4711)));
  }

  // SDS-8: the kernel has proven who it is, and that one has no identity.
  @Test
  void attest_groupOfARule_isNoUid() {
    assertThat(attestor.attest(new PeerCredentials(0, 1000, 1)))
        .isEqualTo(Attestation.noIdentity("uid 0 has no identity (known: [1000, 4294967294])"));
  }

  @Test
  void attest_noRules_noIdentity() {
    assertThat(new PeerCredentialsAttestor(List.of()).attest(good()))
        .isEqualTo(Attestation.noIdentity("uid 1000 has no identity (known: [])"));
  }

  @Test
  void new_uidTwice_refused() {
    assertThatThrownBy(
            () -> new PeerCredentialsAttestor(List.of(new Rule(7, RUNNER), new Rule(7, HIGH))))
        .hasMessage(
            "uid 7: both %s and %s (expected: one identity for each uid)".formatted(RUNNER, HIGH));
  }
}
