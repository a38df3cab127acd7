package io.signet.ca.revocation;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.NOW;
import static io.signet.ca.x509.RevocationReason.CA_COMPROMISE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.signet.ca.revocation.RevocationWorld.Replica;
import io.signet.ca.revocation.Revoker.Done;
import io.signet.ca.rotation.RefusedException;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CrlSigner;
import io.signet.ca.x509.CrlTemplate.Entry;
import io.signet.ca.x509.RevocationReason;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What administrators revoke and lift. */
final class RevokerTest {

  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final RevocationReason REASON = RevocationReason.KEY_COMPROMISE;

  private final List<String> heard = new ArrayList<>();
  private RevocationWorld world;
  private Replica replica;
  private Revoker revoker;
  private Authority issuing;

  @BeforeEach
  void replica() throws Exception {
    world = new RevocationWorld();
    replica = world.new Replica(true);
    revoker = replica.revoker(new Heard());
    issuing = replica.renew(DAY);
  }

  private final class Heard implements Revoker.Listener {
    @Override
    public void revoked(Revocation revocation) {
      heard.add("revoked " + revocation.serial() + " by " + revocation.by());
    }

    @Override
    public void denied(Denial denial) {
      heard.add("denied " + denial.id() + " by " + denial.by());
    }

    @Override
    public void lifted(SpiffeId id, String by) {
      heard.add("lifted " + id + " by " + by);
    }
  }

  @Test
  void revoke_serial_listedWhenItReturnsAndToldToAll() throws Exception {
    SerialNumber serial = SerialNumber.of(leaf(CART));
    SerialNumber same = SerialNumber.of(leaf(CART));
    int announced = world.announced.get();

    Done done = revoker.revoke(serial, REASON, "jo");

    assertThat(done.revoked()).extracting(Revocation::serial).containsExactly(serial);
    assertThat(done.unlisted()).isZero();
    assertThat(done.denied()).isEmpty();
    assertThat(crl().crl().getRevokedCertificate(serial.value())).isNotNull();
    assertThat(crl().crl().getRevokedCertificate(same.value())).isNull();
    assertThat(world.announced.get()).isGreaterThan(announced);
    assertThat(heard).containsExactly("revoked " + serial + " by jo");
    assertThat(world.revocations.denied()).isEmpty();
  }

  @Test
  void revoke_unknownSerial_refused() {
    assertThatThrownBy(() -> revoker.revoke(SerialNumber.parse("dead"), REASON, "jo"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("serial number dead is not in the ledger");
  }

  @Test
  void revoke_expiredSerial_refused() throws Exception {
    SerialNumber serial = SerialNumber.of(leaf(CART));
    world.clock.advance(HOUR);

    assertThatThrownBy(() -> revoker.revoke(serial, REASON, "jo"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("expired at " + NOW.plus(HOUR));
  }

  @Test
  void revoke_serialAgain_refusedSayingWhoWasFirst() throws Exception {
    SerialNumber serial = SerialNumber.of(leaf(CART));
    assertThat(revoker.revoke(serial, REASON, "jo").revoked()).hasSize(1);

    assertThatThrownBy(() -> revoker.revoke(serial, RevocationReason.SUPERSEDED, "kim"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("was revoked at " + NOW + " by jo: key-compromise");
  }

  // A CRL is signed by the root, and whoever has its key can sign another one.
  @Test
  void revoke_root_refused() {
    SerialNumber serial = SerialNumber.of(world.root.certificate());

    assertThatThrownBy(() -> revoker.revoke(serial, REASON, "jo"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("signet rotation start --compromised");
  }

  @Test
  void revoke_identity_allItsLiveLeavesAndNewOnesAreDenied() throws Exception {
    SerialNumber first = SerialNumber.of(leaf(CART));
    world.clock.advance(HOUR);
    SerialNumber second = SerialNumber.of(leaf(CART));
    SerialNumber third = SerialNumber.of(leaf(CART));
    X509Certificate other = leaf(SpiffeId.parse("spiffe://example.org/ns/shop/sa/other"));

    Done done = revoker.revoke(CART, REASON, "jo");

    assertThat(done.revoked())
        .extracting(Revocation::serial)
        .containsExactlyInAnyOrder(second, third)
        .doesNotContain(first);
    assertThat(done.denied()).contains(CART);
    RevocationState state = revoker.state();
    assertThat(state.denied())
        .extractingByKey(CART)
        .extracting(Denial::detail)
        .isEqualTo("revoked: key-compromise by jo at " + NOW.plus(HOUR) + ", until lifted");
    assertThat(state.refusal(List.of(other))).isEmpty();
    assertThat(heard).first().isEqualTo("denied " + CART + " by jo");
    assertThat(heard).hasSize(3);
  }

  @Test
  void revoke_identityAgain_whatCameSince() throws Exception {
    Done _ = revoker.revoke(CART, REASON, "jo");
    world.clock.advance(Duration.ofMinutes(5));
    SerialNumber since = SerialNumber.of(leaf(CART));

    Done done = revoker.revoke(CART, REASON, "kim");

    assertThat(done.revoked()).extracting(Revocation::serial).containsExactly(since);
    assertThat(revoker.state().denied())
        .extractingByKey(CART)
        .extracting(Denial::by)
        .isEqualTo("jo");
  }

  @Test
  void revoke_identityThatIsNone_refused() {
    assertThatThrownBy(() -> revoker.revoke(SpiffeId.parse("spiffe://other.org/x"), REASON, "jo"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("(expected: an ID with a path in spiffe://example.org)");
    assertThatThrownBy(() -> revoker.revoke(RevocationWorld.SERVER, REASON, "jo"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("is the server itself");
  }

  // The other replica signs for its own; whether it is still there nobody knows here.
  @Test
  void revoke_leafOfAnotherReplica_toldAsUnlisted() throws Exception {
    Authority others = world.new Replica(false).renew(DAY);
    SerialNumber serial = SerialNumber.of(world.leaf(others, CART, HOUR));

    assertThat(revoker.revoke(serial, REASON, "jo").unlisted()).isOne();
  }

  @Test
  void revokeAuthority_byTheBeginningOfItsKey_listedByTheRoot() throws Exception {
    Authority others = world.new Replica(false).renew(DAY);
    String keyId = AuthorityId.of(others.certificate()).hex();

    Done done = revoker.revokeAuthority(keyId.substring(0, 12), REASON, "jo");

    assertThat(done.revoked())
        .extracting(Revocation::serial)
        .containsExactly(SerialNumber.of(others.certificate()));
    assertThat(done.unlisted()).isZero();
  }

  @Test
  void revokeAuthority_noneOrSeveral_refused() {
    assertThatThrownBy(() -> revoker.revokeAuthority("", REASON, "jo"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("0 of them");
    assertThatThrownBy(() -> revoker.revokeAuthority("zz", REASON, "jo"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("authority zz: 0 of them");
  }

  @Test
  void revokeBelow_ca_allAuthoritiesThatItHasSignedAndNothingElse() throws Exception {
    Authority others = world.new Replica(false).renew(DAY);
    X509Certificate leaf = leaf(CART);
    assertThat(revoker.isRevokedBelow(world.root.certificate())).isFalse();

    Done done = revoker.revokeBelow(world.root.certificate(), "signet");

    assertThat(done.revoked())
        .extracting(Revocation::serial, Revocation::reason, Revocation::by)
        .containsExactlyInAnyOrder(
            tuple(SerialNumber.of(issuing.certificate()), CA_COMPROMISE, "signet"),
            tuple(SerialNumber.of(others.certificate()), CA_COMPROMISE, "signet"));
    assertThat(done.unlisted()).isZero();
    assertThat(revoker.isRevokedBelow(world.root.certificate())).isTrue();
    assertThat(revoker.state().refusal(List.of(leaf))).isEmpty();
    assertThat(revoker.revokeBelow(world.root.certificate(), "signet").revoked()).isEmpty();
  }

  @Test
  void hasCrl_untilOneIsSigned_no() throws Exception {
    assertThat(revoker.hasCrl(world.root.certificate())).isFalse();

    Done _ = revoker.revokeBelow(world.root.certificate(), "signet");

    assertThat(revoker.hasCrl(world.root.certificate())).isTrue();
  }

  // Whoever trusts the CA for longer knows it by the CRL alone.
  @Test
  void isRevokedBelow_crlNotSigned_untilItIs() throws Exception {
    world.custodian.failNextSign(new CustodyException(Fault.LOST, "token removed"));

    assertThat(revoker.revokeBelow(world.root.certificate(), "signet").revoked()).hasSize(1);
    assertThat(revoker.isRevokedBelow(world.root.certificate())).isFalse();

    assertThat(revoker.revokeBelow(world.root.certificate(), "signet").revoked()).isEmpty();
    assertThat(revoker.isRevokedBelow(world.root.certificate())).isTrue();
  }

  // Its key may be destroyed before another one is due.
  @Test
  void isRevokedBelow_crlEndsBeforeWhatItLists_notYet() throws Exception {
    Done _ = revoker.revokeBelow(world.root.certificate(), "signet");
    Crl full = crl(world.root);
    Instant early = issuing.notAfter().minusSeconds(1);
    List<Entry> entries =
        List.of(new Entry(SerialNumber.of(issuing.certificate()), NOW, CA_COMPROMISE));
    X509CRL shorter = CrlSigner.sign(world.root, full.head().number() + 1, NOW, early, entries);
    assertThat(world.crls.keep(new Crl(full.authority(), full.ca(), full.end(), shorter))).isTrue();
    assertThat(revoker.isRevokedBelow(world.root.certificate())).isFalse();

    Done _ = revoker.revokeBelow(world.root.certificate(), "signet");

    assertThat(revoker.isRevokedBelow(world.root.certificate())).isTrue();
  }

  @Test
  void lift_denied_certificatesStayRevoked() throws Exception {
    X509Certificate leaf = leaf(CART);
    Done _ = revoker.revoke(CART, REASON, "jo");

    revoker.lift(CART, "kim");

    assertThat(revoker.state().denied()).isEmpty();
    assertThat(revoker.state().refusal(List.of(leaf))).isPresent();
    assertThat(heard).last().isEqualTo("lifted " + CART + " by kim");
  }

  @Test
  void lift_notDenied_refused() {
    assertThatThrownBy(() -> revoker.lift(CART, "jo"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(CART + " is not denied");
  }

  private X509Certificate leaf(SpiffeId id) throws Exception {
    return world.leaf(issuing, id, HOUR);
  }

  private Crl crl(Authority of) {
    return world.crls.find(AuthorityId.of(of.certificate())).orElseThrow();
  }

  private Crl crl() {
    return crl(issuing);
  }
}
