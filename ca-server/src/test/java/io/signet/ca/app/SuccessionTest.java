package io.signet.ca.app;

import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.authority.Agreed;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.FakeAuthorityStore;
import io.signet.ca.authority.IssuingListener;
import io.signet.ca.authority.Roots;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.FakeHolders;
import io.signet.ca.rotation.FakeJournal;
import io.signet.ca.rotation.FakeKeys;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.Leadership;
import io.signet.ca.rotation.Replicas;
import io.signet.ca.rotation.RotationPolicy;
import io.signet.ca.rotation.Rotations;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.store.Cluster;
import io.signet.ca.store.SoleReplica;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.FakeKeyCustodian;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server signs for as long as the others wait for it, whatever it reads. */
final class SuccessionTest {

  private static final Duration LONGEST_LIFE = Duration.ofHours(1);
  private static final Duration DAY = Duration.ofDays(1);

  private final TestClock clock = new TestClock();
  private final FakeLedger ledger = new FakeLedger();
  private final Others others = new Others();
  private final Shows shows = new Shows();
  private Authorities authorities;
  private Succession succession;

  /** The replicas, as this one knows them. */
  private static final class Others implements Replicas {
    private Instant heard = NOW;
    private Report report = new Report(0, 0, 0, 0);
    private boolean haveForgotten;

    @Override
    public void report(Report mine) throws LedgerException {
      if (haveForgotten) {
        throw new LedgerException("forgotten");
      }
      report = mine;
    }

    @Override
    public List<Replica> all() {
      return List.of();
    }

    @Override
    public void leave() {}

    @Override
    public Instant heard() {
      return heard;
    }
  }

  private record Place(Replicas replicas, SoleReplica rest) implements Cluster {
    @Override
    public String self() {
      return "this";
    }

    @Override
    public int serialPrefix() {
      return 1;
    }

    @Override
    public Changes changes() {
      return rest;
    }

    @Override
    public Leadership leadership() {
      return rest;
    }

    @Override
    public void close() {}
  }

  private static final class Shows implements Succession.Follower {
    private int generation = 1;

    @Override
    public void trusts() {}

    @Override
    public void signs(boolean hurry) {}

    @Override
    public int shown() {
      return generation;
    }
  }

  @BeforeEach
  void start() throws Exception {
    FakeAuthorityStore store = new FakeAuthorityStore();
    AuthorityPolicy policy = Fixtures.policy(DAY);
    CertificateSigner signer = new CertificateSigner(ledger, Fixtures.serials(), clock);
    Roots roots = new Roots(store, new FakeKeyCustodian(), signer, policy, clock);
    Generation first = new Generation(Generation.FIRST, roots.first());
    authorities =
        Authorities.open(
            roots,
            store,
            new FakeKeyCustodian(),
            Agreed.FIRST,
            policy,
            IssuingListener.NONE,
            clock);
    FakeHolders holders = new FakeHolders(ledger);
    succession =
        new Succession(
            new IssuingCore.Own(
                roots,
                store,
                new FakeJournal(Rotations.first(first, NOW)),
                holders,
                holders,
                new Place(others, new SoleReplica(clock))),
            new FakeKeys(first),
            authorities,
            new RotationPolicy(
                false, Optional.empty(), DAY, LONGEST_LIFE, Duration.ofMinutes(10), true),
            shows,
            clock);
  }

  @Test
  void follow_heardOf_signsForHalfOfWhatTheyWait() throws Exception {
    clock.advance(Duration.ofMinutes(10));
    others.heard = clock.instant();
    assertThat(succession.follow()).isTrue();

    clock.advance(LONGEST_LIFE.dividedBy(2));
    assertThat(authorities.active()).isNotNull();
    clock.advance(Duration.ofMillis(1));
    assertRefused(clock.instant().minusMillis(1));
  }

  // ISTIO-73: its clients must not meet a certificate whose root has left their bundle.
  @Test
  void follow_itsOwnCertificateIsOfAnother_saysThatItHasThatInHand() throws Exception {
    shows.generation = 2; // it went back to 1, and could not get another one yet
    assertThat(succession.follow()).isTrue();
    assertThat(others.report.issuing()).isEqualTo(2);

    shows.generation = 1;
    assertThat(succession.follow()).isTrue();
    assertThat(others.report.issuing()).isEqualTo(1);
  }

  // It reads what was agreed on before it hears that it is not one of them any more.
  @Test
  void follow_frozenUntilItWasForgotten_signsNothing() throws Exception {
    assertThat(succession.follow()).isTrue();
    clock.advance(LONGEST_LIFE.multipliedBy(2));
    others.haveForgotten = true;

    assertThat(succession.follow()).isFalse();

    assertRefused(NOW.plus(LONGEST_LIFE.dividedBy(2)));
  }

  @Test
  void follow_frozenAndNotForgotten_signsWhenTheyHaveHeardOfIt() throws Exception {
    assertThat(succession.follow()).isTrue();
    clock.advance(LONGEST_LIFE.multipliedBy(2));
    assertThat(succession.follow()).isTrue();
    assertRefused(NOW.plus(LONGEST_LIFE.dividedBy(2)));

    others.heard = clock.instant();
    assertThat(succession.follow()).isTrue();

    assertThat(authorities.active()).isNotNull();
  }

  private void assertRefused(Instant until) {
    assertThatThrownBy(authorities::active)
        .isInstanceOf(AuthorityException.class)
        .hasMessage(
            "the store does not say which CA is to sign; what it said last was good until "
                + until);
  }
}
