package io.signet.ca.authority;

import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.testing.ForeignCa;
import io.signet.ca.testing.ForeignCa.Shape;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.CsrException;
import io.signet.ca.x509.CsrParser;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Issuing authorities that a CA elsewhere signs: what is answered is looked at before it signs. */
final class UpstreamTest {

  private static final Duration LIFE = Duration.ofDays(1);

  private final TestClock clock = new TestClock();
  private final FakeAuthorityStore store = new FakeAuthorityStore();
  private final FakeKeyCustodian issuers = new FakeKeyCustodian();
  private final FakeUpstream upstream = new FakeUpstream();

  /** Signs what it is asked to, in the shape that it is told. */
  private static final class FakeUpstream implements UpstreamCa {
    private final ForeignCa root = ForeignCa.root("root");
    private ForeignCa ca = root.below(Shape.named("upstream"));
    private Shape shape = Shape.named("signed").pathLength(0).until(NOW.plus(LIFE));
    private @Nullable CustodyException failure;
    private @Nullable Wish last;

    @Override
    public List<X509Certificate> certify(Wish wish) throws CustodyException {
      last = wish;
      CustodyException failing = failure;
      if (failing != null) {
        throw failing;
      }
      try {
        X509Certificate signed = ca.sign(shape, CsrParser.key(wish.request()));
        return List.of(signed, ca.certificate(), root.certificate());
      } catch (CsrException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void close() {}
  }

  // VPKI-1
  @Test
  void open_signed_chainWithoutRootAndHalfOfItsLifeLeftAtRenewal() throws Exception {
    IssuingAuthority active = open().active();

    assertThat(active.chain()).hasSize(2).endsWith(upstream.ca.certificate());
    assertThat(active.renewAt()).isEqualTo(NOW.plus(LIFE.dividedBy(2))); // PROF-6
    assertThat(open().bundle().authorities()).containsExactly(upstream.root.certificate());
    UpstreamCa.Wish wish = Objects.requireNonNull(upstream.last);
    assertThat(wish.lifetime()).isEqualTo(LIFE);
    assertThat(wish.name()).startsWith("Issuing ");
  }

  // VPKI-2: whatever it was that signed may end before what it signed.
  @Test
  void open_outlivesItsIssuer_ofUseUntilTheIssuersEndOnly() throws Exception {
    Instant end = NOW.plus(Duration.ofHours(6));
    upstream.ca = upstream.root.below(Shape.named("upstream").until(end));

    assertThat(open().active().authority().notAfter()).isEqualTo(end);
  }

  // VPKI-2
  @Test
  void renew_answerNotWhatWasAskedFor_refusedAndThePresentOneGoesOn() throws Exception {
    Authorities authorities = open();
    IssuingAuthority present = authorities.active();
    upstream.shape = Shape.named("no CA").leaf();

    assertThatThrownBy(authorities::renew)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("it is not a CA");

    assertThat(authorities.active()).isEqualTo(present);
    assertThat(store.issuing()).hasSize(1); // KC-7
  }

  @Test
  void open_underAnotherRoot_refused() {
    upstream.ca = ForeignCa.root("another");

    assertThatThrownBy(this::open)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("was signed by \"CN=another\", which is neither in the chain nor");
    assertThat(store.issuing()).isEmpty();
  }

  // KC-7: keys.issuing was custodian below a root of our own.
  @Test
  void open_keysOfAnEarlierRunInTheOtherCustodian_destroyed() throws Exception {
    FakeKeyCustodian elsewhere = new FakeKeyCustodian();
    KeyLabel left = new KeyLabel("issuing-1");
    store.intendIssuing(left);
    var _ = elsewhere.generate(left, KeyAlgorithm.EC_P256);

    var _ =
        Authorities.under(
            upstream,
            List.of(upstream.root.certificate()),
            store,
            issuers,
            elsewhere,
            policy(),
            IssuingListener.NONE,
            clock);

    assertThat(elsewhere.find(left)).isEmpty();
    assertThat(store.issuing()).hasSize(1).doesNotContain(left);
  }

  // VAUTH-6
  @Test
  void renew_upstreamAway_presentOneGoesOnAndTheNextTryWorks() throws Exception {
    Authorities authorities = open();
    IssuingAuthority present = authorities.active();
    upstream.failure = new CustodyException(Fault.LOST, "no node can be reached");
    assertThatThrownBy(authorities::renew).isInstanceOf(CustodyException.class);
    assertThat(authorities.active()).isEqualTo(present);

    upstream.failure = null;
    authorities.renew();

    assertThat(authorities.active()).isNotEqualTo(present);
  }

  private Authorities open() throws Exception {
    return Authorities.under(
        upstream,
        List.of(upstream.root.certificate()),
        store,
        issuers,
        issuers,
        policy(),
        IssuingListener.NONE,
        clock);
  }

  private static AuthorityPolicy policy() {
    return new AuthorityPolicy(
        DOMAIN, KeyAlgorithm.EC_P256, Optional.empty(), LIFE, false, List.of());
  }
}
