package io.signet.ca.revocation;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.CrlDelivery.All;
import io.signet.ca.revocation.CrlDelivery.Nothing;
import io.signet.ca.revocation.CrlDelivery.Withheld;
import io.signet.ca.revocation.RevocationWorld.Replica;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.x509.RevocationReason;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SerialNumber;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A CRL of each CA, signed when there is a reason to, and delivered when there is one of each. */
final class CrlKeeperTest {

  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration HOUR = Duration.ofHours(1);

  private RevocationWorld world;
  private Replica leader;
  private Replica other;

  @BeforeEach
  void replicas() throws Exception {
    world = new RevocationWorld();
    leader = world.new Replica(true);
    other = world.new Replica(false);
  }

  // What a replica leaves behind when it dies is never out of date.
  @Test
  void made_newAuthority_itsCrlIsKeptToItsEndAndAnnounced() throws Exception {
    Authority issuing = leader.renew(DAY);

    Crl.Head head = crl(issuing).head();
    assertThat(head.number()).isOne();
    assertThat(head.thisUpdate()).isEqualTo(NOW.minus(CertificateProfile.BACKDATE));
    assertThat(head.nextUpdate()).isEqualTo(issuing.notAfter()).isEqualTo(NOW.plus(DAY));
    assertThat(world.announced).hasValue(1);
    assertThat(world.pauses).isEmpty();
  }

  // FLD-4: while proxies have CRLs, they refuse the leaves of an authority that has none.
  @Test
  void made_whileCrlsAreDelivered_waitsForThemToArrive() throws Exception {
    revoke(leaf(leader.renew(DAY), HOUR));

    Authority next = leader.renew(DAY);

    assertThat(crl(next).entries()).isZero();
    assertThat(world.pauses).containsExactly(Duration.ofSeconds(10));
  }

  // Nobody is served meanwhile, and nobody accepted.
  @Test
  void made_urgently_itsCrlIsKeptAndNothingWaitedFor() throws Exception {
    revoke(leaf(leader.renew(DAY), HOUR));
    Authority next = world.authority(DAY);

    leader.keeper.made(next, true);

    assertThat(crl(next).entries()).isZero();
    assertThat(world.pauses).isEmpty();
  }

  @Test
  void made_onlyExpiredAreRevoked_waitsForNothing() throws Exception {
    revoke(leaf(leader.renew(DAY), HOUR));
    world.clock.advance(HOUR.multipliedBy(2));

    Authority _ = leader.renew(DAY);

    assertThat(world.pauses).isEmpty();
  }

  @Test
  void made_storeFails_told() throws Exception {
    Authority made = Fixtures.issuing(world.signer, new FakeKeyCustodian(), world.root);
    world.revocations.fails(Optional.of(new LedgerException("store away")));

    assertThatThrownBy(() -> leader.keeper.made(made, false)).hasMessage("store away");
  }

  @Test
  void look_leader_signsThatOfTheRoot() throws Exception {
    Authority issuing = leader.renew(DAY);

    RevocationState state = leader.look();

    assertThat(state.crls()).containsOnlyKeys(id(world.root), id(issuing));
    assertThat(crl(world.root).head().nextUpdate()).isEqualTo(NOW.plus(Duration.ofDays(7)));
    assertThat(state.delivery()).isEqualTo(new Nothing());
  }

  // HTTP serves what was told last; there is a CRL, and another one in time, while nothing is
  // revoked.
  @Test
  void look_nothingRevokedButAnotherCrl_isNotAsBefore() throws Exception {
    Authority _ = leader.renew(DAY.multipliedBy(30));

    RevocationState first = leader.look();
    assertThat(first.isAs(RevocationState.NONE)).isFalse();
    assertThat(leader.look().isAs(first)).isTrue();

    world.clock.advance(DAY.multipliedBy(4));
    assertThat(leader.look().isAs(first)).isFalse();
  }

  @Test
  void look_notTheLeader_signsOnlyForItsOwn() throws Exception {
    Authority issuing = other.renew(DAY);

    assertThat(other.look().crls()).containsOnlyKeys(id(issuing));
  }

  // RATE-3
  @Test
  void look_nothingChanged_nothingSignedNorReadAgain() throws Exception {
    revoke(leaf(leader.renew(DAY), HOUR));
    RevocationState _ = leader.look();
    int signed = world.custodian.signatures();
    int read = world.crls.found();
    int announced = world.announced.get();

    for (int again = 0; again < 10; again++) {
      world.clock.advance(Duration.ofSeconds(5));
      assertThat(leader.look().delivery()).isInstanceOf(All.class);
    }

    assertThat(world.custodian.signatures()).isEqualTo(signed);
    assertThat(world.crls.found()).isEqualTo(read);
    assertThat(world.announced).hasValue(announced);
    assertThat(world.live.walks()).isOne();
  }

  @Test
  void look_revoked_listedByItsAuthorityAloneAndAllDelivered() throws Exception {
    Authority first = leader.renew(DAY);
    Authority second = other.renew(DAY);
    RevocationState _ = leader.look();
    Revocation revoked = revoke(leaf(second, HOUR));

    assertThat(leader.look().isListed(revoked)).isFalse();
    RevocationState state = other.look();

    assertThat(state.isListed(revoked)).isTrue();
    assertThat(crl(second).head().number()).isEqualTo(2);
    assertThat(crl(second).head().nextUpdate()).isEqualTo(second.notAfter());
    assertThat(crl(first).head().number()).isOne();
    assertThat(crl(world.root).head().number()).isOne();
    assertThat(state.delivery().crls()).hasSize(3);
    assertThat(leader.look().isListed(revoked)).isTrue();
  }

  // An authority that was replaced goes on for what it has signed.
  @Test
  void look_revokedUnderTheAuthorityBefore_listed() throws Exception {
    X509Certificate leaf = leaf(leader.renew(DAY), HOUR);
    Authority _ = leader.renew(DAY);

    Revocation revoked = revoke(leaf);

    assertThat(leader.look().isListed(revoked)).isTrue();
  }

  // What a dead replica has signed is revoked with its authority, by the root's CRL.
  @Test
  void look_authorityOfADeadReplicaRevoked_listedByTheRoot() throws Exception {
    Authority dead = world.new Replica(false).renew(DAY);
    X509Certificate leaf = leaf(dead, HOUR);
    RevocationState _ = leader.look();
    Revocation unlisted = revoke(leaf);
    assertThat(leader.look().unlisted(NOW)).containsExactly(unlisted);

    Revocation revoked = revoke(dead.certificate());
    RevocationState state = leader.look();

    assertThat(state.isListed(revoked)).isTrue();
    assertThat(state.delivery()).isInstanceOf(All.class);
    assertThat(state.refusal(List.of(leaf, dead.certificate()))).isPresent();
  }

  // RFC 5280, 3.3: an entry is in one CRL after the certificate has expired, then it leaves.
  @Test
  void look_revokedExpires_leavesOneCrlLater() throws Exception {
    Authority issuing = leader.renew(DAY);
    Revocation first = revoke(leaf(issuing, HOUR));
    assertThat(leader.look().isListed(first)).isTrue();
    world.clock.advance(HOUR.multipliedBy(2));
    assertThat(leader.look().delivery()).isEqualTo(new Nothing());
    assertThat(crl(issuing).head().number()).isEqualTo(2); // no reason to sign

    Revocation second = revoke(leaf(issuing, HOUR));
    RevocationState state = leader.look();
    assertThat(state.isListed(second)).isTrue();
    assertThat(state.isListed(first)).isTrue();

    world.clock.advance(Duration.ofMinutes(1));
    Revocation third = revoke(leaf(issuing, HOUR));
    state = leader.look();
    assertThat(state.isListed(third)).isTrue();
    assertThat(state.isListed(first)).isFalse();
    assertThat(crl(issuing).entries()).isEqualTo(2);
  }

  @Test
  void look_halfOfItsTimeIsOver_thatOfTheRootIsSignedAgain() throws Exception {
    RevocationState _ = leader.look();
    world.clock.advance(Duration.ofDays(3));
    RevocationState _ = leader.look();
    assertThat(crl(world.root).head().number()).isOne();

    world.clock.advance(DAY);
    RevocationState _ = leader.look();

    assertThat(crl(world.root).head().number()).isEqualTo(2);
    assertThat(crl(world.root).head().nextUpdate()).isEqualTo(NOW.plus(Duration.ofDays(11)));
  }

  // When that root has left the bundle nobody signs another one.
  @Test
  void look_authorityRevokedThatLivesForLong_thatOfTheRootIsGoodToItsEnd() throws Exception {
    Authority issuing = leader.renew(Duration.ofDays(30));

    revoke(issuing.certificate());
    RevocationState _ = leader.look();

    assertThat(crl(world.root).head().nextUpdate()).isEqualTo(issuing.notAfter());
  }

  // The number never goes back, also after a restart of all replicas.
  @Test
  void look_restarted_numberGoesOn() throws Exception {
    Authority issuing = leader.renew(DAY);
    RevocationState _ = leader.look();
    Replica restarted = world.new Replica(true);
    Authority next = restarted.renew(DAY);

    revoke(issuing.certificate());
    RevocationState _ = restarted.look();

    assertThat(crl(world.root).head().number()).isEqualTo(2);
    assertThat(crl(next).head().number()).isOne();
  }

  // FLD-4: of an authority that an earlier version has made there is none.
  @Test
  void look_liveLeavesOfACaWithoutCrl_noneDeliveredUntilTheyEnd() throws Exception {
    Authority unknown = world.authority(DAY);
    X509Certificate _ = leaf(unknown, HOUR);
    revoke(leaf(leader.renew(DAY), DAY));

    CrlDelivery delivery = leader.look().delivery();

    assertThat(delivery.crls()).isEmpty();
    assertThat(((Withheld) delivery).why())
        .isEqualTo("there is none of %s, whose certificates live".formatted(id(unknown)));
    world.clock.advance(HOUR.plusMinutes(1));
    assertThat(leader.look().delivery().crls()).hasSize(2);
  }

  // Its leaves are in a ledger of others.
  @Test
  void look_authorityOfAServerBelow_noneDelivered() throws Exception {
    revoke(leaf(leader.renew(DAY), HOUR));
    X509Certificate given =
        world.signer.sign(
            world.signer.intend(
                world.signer.prepare(
                    CertificateProfile.ISSUING,
                    CertificateProfile.issuing(DOMAIN, Fixtures.KEY, NOW, NOW.plus(DAY)),
                    world.root),
                "rule edge lets it, asked by spiffe://example.org/edge"));
    world.signer.record(given);

    assertThat(leader.look().delivery())
        .isEqualTo(
            new Withheld(
                "there is none of the issuing authority %s, which another server has until %s"
                    .formatted(SerialNumber.of(given), NOW.plus(DAY))));
  }

  @Test
  void look_rootElsewhere_noneDelivered() throws Exception {
    leader.roots.clear();
    leader.roots.add(
        Fixtures.root(world.signer, new FakeKeyCustodian(), KeyAlgorithm.EC_P256).certificate());
    revoke(leaf(leader.renew(DAY), HOUR));

    assertThat(((Withheld) leader.look().delivery()).why()).startsWith("there is none of root \"");
  }

  // A root that is added during a rotation: to take the CRLs away would let the revoked in.
  @Test
  void look_rootAdded_deliveredOnForAMoment() throws Exception {
    revoke(leaf(leader.renew(DAY), HOUR));
    RevocationState _ = leader.look();
    assertThat(other.look().delivery().crls()).hasSize(2);
    Authority next = Fixtures.root(world.signer, new FakeKeyCustodian(), KeyAlgorithm.EC_P256);
    other.roots.add(next.certificate());

    assertThat(other.look().delivery().crls()).hasSize(2);
    world.clock.advance(Duration.ofSeconds(31));
    assertThat(other.look().delivery()).isInstanceOf(Withheld.class);
  }

  // Proxies refuse everything by one that is out of date.
  @Test
  void look_thatOfTheRootOutOfDate_noneDelivered() throws Exception {
    revoke(leaf(leader.renew(Duration.ofDays(30)), Duration.ofDays(20)));
    RevocationState _ = leader.look();
    world.clock.advance(Duration.ofDays(8));
    world.custodian.failNextSign(new CustodyException(Fault.LOST, "token removed"));
    Replica restarted = world.new Replica(true);
    restarted.issuing.addAll(leader.issuing);

    RevocationState state = restarted.look();

    assertThat(state.delivery()).isInstanceOf(Withheld.class);
    assertThat(state.problems())
        .containsExactly(
            "the CRL of \"%s\" was not signed: token removed"
                .formatted(world.root.certificate().getSubjectX500Principal()));
    assertThat(restarted.look().delivery()).isInstanceOf(All.class); // it is back
  }

  // Of a root that has left the bundle nobody signs one any more, and nobody asks for it.
  @Test
  void look_thatOfARootThatHasLeftTheBundleOutOfDate_othersDelivered() throws Exception {
    RevocationState _ = leader.look();
    world.clock.advance(Duration.ofDays(8));
    Authority next = Fixtures.root(world.signer, new FakeKeyCustodian(), KeyAlgorithm.EC_P384);
    leader.cas.set(0, next);
    leader.roots.set(0, next.certificate());
    revoke(leaf(leader.renew(DAY), HOUR));

    RevocationState state = leader.look();

    assertThat(state.delivery()).isInstanceOf(All.class);
    assertThat(state.delivery().crls())
        .extracting(X509CRL::getIssuerX500Principal)
        .doesNotContain(world.root.certificate().getSubjectX500Principal());
  }

  // One that cannot sign keeps no other from it.
  @Test
  void look_oneFails_othersAreSigned() throws Exception {
    Authority issuing = leader.renew(DAY);
    RevocationState _ = leader.look();
    revoke(leaf(issuing, HOUR));
    revoke(issuing.certificate());
    world.custodian.failNextSign(new CustodyException(Fault.BUSY, "busy"));

    RevocationState state = leader.look();

    assertThat(state.problems()).hasSize(1);
    assertThat(crl(world.root).head().number()).isEqualTo(2);
    assertThat(crl(issuing).head().number()).isOne();
    assertThat(leader.look().problems()).isEmpty();
    assertThat(crl(issuing).head().number()).isEqualTo(2);
  }

  @Test
  void look_storeAway_toldAndWhatWasSeenStays() throws Exception {
    Revocation revoked = revoke(leaf(leader.renew(DAY), HOUR));
    RevocationState seen = leader.look();
    world.revocations.fails(Optional.of(new LedgerException("store away")));

    assertThatThrownBy(leader::look).hasMessage("store away");

    assertThat(leader.keeper.state()).isSameAs(seen);
    assertThat(seen.isListed(revoked)).isTrue();
  }

  // A replica may have been cut off for long, and not have heard of the denial when it was back.
  @Test
  void look_leafSignedLongAfterTheDenial_revokedByTheLeader() throws Exception {
    Authority issuing = other.renew(DAY);
    assertThat(world.revocations.deny(new Denial(CART, RevocationReason.KEY_COMPROMISE, NOW, "jo")))
        .isTrue();
    RevocationState _ = leader.look();
    world.clock.advance(HOUR);
    X509Certificate late = leaf(issuing, HOUR);

    assertThat(leader.look().refusal(List.of(late))).isPresent();
  }

  // A replica that had not heard of the denial may have signed after its leaves were asked for.
  @Test
  void look_leafSignedAfterTheDenial_revokedByTheLeader() throws Exception {
    Authority issuing = other.renew(DAY);
    assertThat(world.revocations.deny(new Denial(CART, RevocationReason.KEY_COMPROMISE, NOW, "jo")))
        .isTrue();
    X509Certificate late = leaf(issuing, HOUR);

    RevocationState state = leader.look();

    assertThat(state.revoked())
        .containsExactly(
            new Revocation(
                SerialNumber.of(late),
                id(issuing),
                CART,
                RevocationReason.KEY_COMPROMISE,
                NOW,
                "jo",
                late.getNotAfter().toInstant()));
    assertThat(state.refusal(List.of(late))).isPresent();
  }

  @CanIgnoreReturnValue
  private Revocation revoke(X509Certificate certificate) throws Exception {
    SerialNumber serial = SerialNumber.of(certificate);
    var intent = world.ledger.find(serial).orElseThrow().intent();
    Revocation revocation =
        new Revocation(
            serial,
            AuthorityId.of(intent.issuerKeyId()),
            intent.id(),
            RevocationReason.KEY_COMPROMISE,
            world.clock.instant(),
            "jo",
            intent.notAfter());
    assertThat(world.revocations.add(List.of(revocation))).hasSize(1);
    return revocation;
  }

  private X509Certificate leaf(Authority by, Duration life) throws Exception {
    return world.leaf(by, CART, life);
  }

  private Crl crl(Authority of) {
    return world.crls.find(id(of)).orElseThrow();
  }

  private static AuthorityId id(Authority of) {
    return AuthorityId.of(of.certificate());
  }
}
