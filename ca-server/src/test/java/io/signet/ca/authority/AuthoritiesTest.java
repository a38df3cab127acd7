package io.signet.ca.authority;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.KEY;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.Draft;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.TrustDomain;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The root is made once and found again; issuing authorities come and go under it. */
final class AuthoritiesTest {

  private static final Duration ROOT_LIFE = Duration.ofDays(10);
  private static final Duration ISSUING_LIFE = Duration.ofDays(1);

  private final LedgerException full = new LedgerException("disk full");
  private final TestClock clock = new TestClock();
  private final FakeLedger ledger = new FakeLedger();
  private final FakeAuthorityStore store = new FakeAuthorityStore();
  private final FakeKeyCustodian roots = new FakeKeyCustodian();
  private final CertificateSigner signer = new CertificateSigner(ledger, Fixtures.serials(), clock);
  private FakeKeyCustodian issuers = new FakeKeyCustodian();

  @Test
  void open_firstStart_makesOneKeyAndOneRoot() throws Exception {
    Authorities authorities = open();

    X509Certificate root = root(authorities);
    KeyLabel label = store.ca().orElseThrow().label();
    assertThat(label.value()).matches("root-20261123-120000-[0-9a-f]{8}");
    assertThat(roots.find(label).orElseThrow().publicKey()).isEqualTo(root.getPublicKey());
    assertThat(store.ca().orElseThrow().chain()).contains(CaChain.root(root));
    assertThat(root.getNotAfter().toInstant()).isEqualTo(NOW.plus(ROOT_LIFE));
    assertThat(authorities.bundle().trustDomain()).isEqualTo(DOMAIN);
    assertThat(ledger.unfinished().count()).isZero();
  }

  // ISTIO-95: key and certificate are loaded as they are.
  @Test
  void open_restart_findsTheSameRootAndMakesNoKey() throws Exception {
    X509Certificate root = root(open());
    clock.advance(Duration.ofHours(1));
    roots.failNextGenerate(new CustodyException(Fault.REJECTED, "a second key"));

    assertThat(root(restart())).isEqualTo(root);
  }

  // KC-7: the label is remembered, the key is not there yet.
  @Test
  void open_crashBetweenIntendAndGenerate_continuesWithTheSameLabel() throws Exception {
    roots.failNextGenerate(new CustodyException(Fault.LOST, "crash"));
    assertThatThrownBy(this::open).isInstanceOf(CustodyException.class);
    KeyLabel label = store.ca().orElseThrow().label();
    clock.advance(Duration.ofHours(1));

    Authorities authorities = restart();

    assertThat(store.ca().orElseThrow().label()).isEqualTo(label);
    assertThat(roots.find(label).orElseThrow().publicKey())
        .isEqualTo(root(authorities).getPublicKey());
  }

  // KC-7: the key is there, its certificate is not remembered.
  @Test
  void open_crashBetweenGenerateAndEstablish_continuesWithTheSameKey() throws Exception {
    store.failNextEstablish(full);
    assertThatThrownBy(this::open).isSameAs(full);
    KeyHandle key = roots.find(store.ca().orElseThrow().label()).orElseThrow();
    clock.advance(Duration.ofHours(1));
    roots.failNextGenerate(new CustodyException(Fault.REJECTED, "a second key"));

    assertThat(root(restart()).getPublicKey()).isEqualTo(key.publicKey());
  }

  // KC-7: only what our own intent may have left is taken for ours.
  @Test
  void open_firstStart_takesNoKeyThatIsThere() throws Exception {
    KeyHandle there = roots.generate(new KeyLabel("root-1"), KeyAlgorithm.EC_P256);

    assertThat(root(open()).getPublicKey()).isNotEqualTo(there.publicKey());
  }

  @Test
  void open_survivorOfAnotherAlgorithm_refused() throws Exception {
    roots.failNextGenerate(new CustodyException(Fault.LOST, "crash"));
    assertThatThrownBy(this::open).isInstanceOf(CustodyException.class);
    var _ = roots.generate(store.ca().orElseThrow().label(), KeyAlgorithm.EC_P384);

    assertThatThrownBy(this::restart)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("is of ec-p384 (expected: ec-p256, as configured");
  }

  // PROF-4: SPIRE's set, and RSA-3072. ISTIO-95: an RSA and an EC authority; ours are made by us
  // alone, and by no request.
  @ParameterizedTest
  @EnumSource(KeyAlgorithm.class)
  void open_eachAlgorithm_bothTiersHaveIt(KeyAlgorithm algorithm) throws Exception {
    AuthorityPolicy policy =
        new AuthorityPolicy(
            DOMAIN, algorithm, Optional.of(ROOT_LIFE), ISSUING_LIFE, false, List.of());

    Authorities authorities = Authorities.open(store, roots, issuers, signer, policy, clock);

    assertThat(KeyAlgorithm.of(root(authorities).getPublicKey())).hasValue(algorithm);
    assertThat(authorities.active().authority().algorithm()).isEqualTo(algorithm);
  }

  @Test
  void open_rootOfAnotherTrustDomain_refused() throws Exception {
    assertThat(open()).isNotNull();

    assertThatThrownBy(() -> open(new TrustDomain("other.org")))
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("it is of spiffe://example.org")
        .hasMessageContaining("(expected: spiffe://other.org, as trust-domain says)");
  }

  @Test
  void open_rootExpired_refused() throws Exception {
    assertThat(open()).isNotNull();
    clock.advance(ROOT_LIFE.plusSeconds(1));

    assertThatThrownBy(this::restart)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("expired at " + NOW.plus(ROOT_LIFE));
  }

  @Test
  void open_clockBeforeTheRootsStart_refused() throws Exception {
    assertThat(open()).isNotNull();
    clock.advance(Duration.ofMinutes(-3));

    assertThatThrownBy(this::restart)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("is the clock of this machine right?");
  }

  // ISTIO-95: no private key.
  @Test
  void open_keyNotInTheCustodian_refused() throws Exception {
    assertThat(open()).isNotNull();
    roots.destroy(roots.find(store.ca().orElseThrow().label()).orElseThrow());

    assertThatThrownBy(this::restart)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("the custodian does not hold the key of root")
        .hasMessageContaining("root-20261123-120000-");
  }

  // ISTIO-95: two levels, and the one certificate of the chain is that of the issuer.
  @Test
  void active_firstStart_signedByTheRootForItsLife() throws Exception {
    Authorities authorities = open();

    IssuingAuthority active = authorities.active();

    active.authority().certificate().verify(root(authorities).getPublicKey());
    assertThat(active.chain()).containsExactly(active.authority().certificate());
    assertThat(active.authority().notAfter()).isEqualTo(NOW.plus(ISSUING_LIFE));
    assertThat(authorities.renewAt()).isEqualTo(NOW.plus(ISSUING_LIFE.dividedBy(2))); // PROF-6
  }

  @Test
  void active_expired_refused() throws Exception {
    Authorities authorities = open();
    clock.advance(ISSUING_LIFE.plusSeconds(1));

    assertThatThrownBy(authorities::active)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("expired at " + NOW.plus(ISSUING_LIFE));
  }

  // It was made by a clock that has been set back since; the next one is made by the right one.
  @Test
  void active_beginsInTheFuture_refusedUntilTheNextOne() throws Exception {
    Authorities authorities = open();
    clock.advance(ISSUING_LIFE);
    authorities.renew();
    clock.set(NOW);

    assertThatThrownBy(authorities::active)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("the issuing authority begins at")
        .hasMessageContaining("it is now " + NOW);

    authorities.renew();
    assertThat(authorities.active().authority().notAfter()).isEqualTo(NOW.plus(ISSUING_LIFE));
  }

  @Test
  void renew_rootBeginsInTheFuture_refused() throws Exception {
    Authorities authorities = open();
    clock.advance(Duration.ofDays(-1));

    assertThatThrownBy(authorities::renew)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("the root begins at");
  }

  @Test
  void renew_halfOfLife_nextTakesOver() throws Exception {
    Authorities authorities = open();
    IssuingAuthority previous = authorities.active();
    clock.advance(Duration.ofHours(12));

    authorities.renew();

    assertThat(authorities.active()).isNotEqualTo(previous);
    assertThat(authorities.active().authority().notAfter())
        .isEqualTo(NOW.plus(Duration.ofHours(36)));
    assertThat(authorities.bundle().sequence()).isEqualTo(1); // changes nobody's trust
  }

  // A request that took the authority before the change of guard must still get its signature.
  @Test
  void renew_whileARequestHoldsThePrevious_itStillSigns() throws Exception {
    Authorities authorities = open();
    Authority taken = authorities.active().authority();
    Draft draft = draft(taken);

    authorities.renew();

    assertThat(signer.issue(draft).getIssuerX500Principal())
        .isEqualTo(taken.certificate().getSubjectX500Principal());
  }

  // What it has signed may live as long as it does, and nobody else can sign its CRL.
  @Test
  void renew_untilAnAuthorityEnds_itsKeyIsKept() throws Exception {
    Authorities authorities = open();
    KeyHandle first = key(authorities);
    Authority firstAuthority = authorities.active().authority();
    clock.advance(Duration.ofHours(12));
    authorities.renew();
    KeyHandle second = key(authorities);
    assertThat(authorities.issuing())
        .containsExactly(authorities.active().authority(), firstAuthority);
    assertThat(issuers.find(first.label())).isPresent();

    clock.advance(Duration.ofHours(12));
    authorities.renew();

    assertThat(issuers.find(first.label())).isEmpty();
    assertThat(issuers.find(second.label())).isPresent();
    assertThat(authorities.issuing()).hasSize(2).doesNotContain(firstAuthority);
  }

  @Test
  void renew_keyOutOfUse_destroyedWithTheNext() throws Exception {
    Authorities authorities = open();
    KeyHandle broken = key(authorities);
    Draft draft = draft(authorities.active().authority());
    issuers.corruptNextSignature();
    assertThatThrownBy(() -> signer.issue(draft)).isInstanceOf(CustodyException.class);

    authorities.renew();

    assertThat(issuers.find(broken.label())).isEmpty();
    assertThat(authorities.issuing()).containsExactly(authorities.active().authority());
  }

  // FLD-4: its CRL comes before its first leaf.
  @Test
  void renew_listener_hearsOfItBeforeItTakesOver() throws Exception {
    List<IssuingAuthority> heard = new ArrayList<>();
    List<IssuingAuthority> activeThen = new ArrayList<>();
    AtomicReference<Optional<Authorities>> opened = new AtomicReference<>(Optional.empty());
    Authorities authorities =
        open((made, _) -> {
          heard.add(made);
          if (opened.get().isPresent()) {
            activeThen.add(active(opened.get().get()));
          }
        });
    opened.set(Optional.of(authorities));
    IssuingAuthority first = authorities.active();

    authorities.renew();

    assertThat(heard).containsExactly(first, authorities.active());
    assertThat(activeThen).containsExactly(first);
  }

  private static IssuingAuthority active(Authorities authorities) {
    try {
      return authorities.active();
    } catch (AuthorityException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void renew_listenerFails_presentGoesOnAndNoKeyIsLeft() throws Exception {
    AtomicReference<Optional<LedgerException>> failure = new AtomicReference<>(Optional.empty());
    Authorities authorities =
        open((_, _) -> {
          if (failure.get().isPresent()) {
            throw failure.get().get();
          }
        });
    IssuingAuthority present = authorities.active();
    failure.set(Optional.of(full));

    assertThatThrownBy(authorities::renew).isSameAs(full);

    assertThat(authorities.active()).isEqualTo(present);
    assertThat(store.issuing()).containsExactly(key(authorities).label());
  }

  @Test
  void revoked_active_nothingMoreIsSignedAndTheNextOneIsDueAtOnce() throws Exception {
    Authorities authorities = open();
    X509Certificate revoked = authorities.active().authority().certificate();

    assertThat(authorities.revoked(root(authorities))).isFalse();
    assertThat(authorities.active()).isNotNull();
    assertThat(authorities.revoked(revoked)).isTrue();
    assertThat(authorities.revoked(revoked)).isFalse();

    assertThatThrownBy(authorities::active)
        .isInstanceOf(AuthorityException.class)
        .hasMessage("the issuing authority was revoked; the next one is due");
    assertThat(authorities.renewAt()).isEqualTo(NOW);
    authorities.renew();
    assertThat(authorities.active().authority().certificate()).isNotEqualTo(revoked);
    assertThat(authorities.issuing()).hasSize(1);
  }

  // Only then is there nothing to go on with, and the next one need not wait for its CRL.
  @Test
  void renew_presentRevoked_urgent() throws Exception {
    List<Boolean> urgent = new ArrayList<>();
    Authorities authorities = open((_, isUrgent) -> urgent.add(isUrgent));
    authorities.renew();
    issuers.destroy(key(authorities));
    assertThat(authorities.holdsKey()).isFalse();
    authorities.renew();

    boolean _ = authorities.revoked(authorities.active().authority().certificate());
    authorities.renew();
    authorities.renew();

    assertThat(urgent).containsExactly(false, false, false, true, false);
  }

  // What was intended is not signed: its certificate would be refused at once.
  @Test
  void isCurrent_revokedMeanwhile_notToBeSignedBy() throws Exception {
    Authorities authorities = open();
    IssuingAuthority first = authorities.active();
    authorities.renew();
    IssuingAuthority second = authorities.active();
    assertThat(authorities.isCurrent(first)).isTrue();

    boolean _ = authorities.revoked(second.authority().certificate());
    authorities.renew();

    assertThat(authorities.isCurrent(second)).isFalse();
    assertThat(authorities.isCurrent(first)).isTrue();
  }

  // To make one may take long, and what is revoked is acted on meanwhile.
  @Test
  void revoked_whileTheNextIsMade_doesNotWait() throws Exception {
    AtomicReference<Optional<Authorities>> opened = new AtomicReference<>(Optional.empty());
    AtomicReference<Optional<Boolean>> acted = new AtomicReference<>(Optional.empty());
    Authorities authorities =
        open((_, _) ->
            opened.get().ifPresent(one -> acted.set(Optional.of(elsewhere(() -> isRevoked(one))))));
    opened.set(Optional.of(authorities));

    authorities.renew();

    assertThat(acted.get()).contains(true);
  }

  private static boolean isRevoked(Authorities authorities) {
    return authorities.revoked(active(authorities).authority().certificate());
  }

  /** By another thread, which is not to wait for this one. */
  private static boolean elsewhere(Supplier<Boolean> deed) {
    return CompletableFuture.supplyAsync(deed).orTimeout(10, TimeUnit.SECONDS).join();
  }

  @Test
  void cas_own_itsRoot() throws Exception {
    Authorities authorities = open();

    assertThat(authorities.cas())
        .extracting(Authority::certificate)
        .containsExactly(root(authorities));
  }

  // Whoever trusts it for longer needs its CRL.
  @Test
  void cas_compromisedOneHasLeftTheBundle_asLongAsItsKeyIsThere() throws Exception {
    Roots all = new Roots(store, roots, signer, Fixtures.policy(ISSUING_LIFE), clock);
    KeyLabel first = all.first();
    all.make(2, all.fresh());
    Authorities authorities =
        Authorities.open(
            all,
            store,
            issuers,
            new Agreed(3, 2, List.of(2), Optional.of(1)),
            Fixtures.policy(ISSUING_LIFE),
            IssuingListener.NONE,
            clock);
    assertThat(authorities.cas())
        .extracting(Authority::certificate)
        .containsExactly(certificate(all, 2), certificate(all, 1));

    authorities.trust(new Agreed(3, 2, List.of(2), Optional.empty()), Instant.MAX);
    assertThat(authorities.cas()).hasSize(1);
    all.destroy(first);
    authorities.trust(new Agreed(3, 2, List.of(2), Optional.of(1)), Instant.MAX);
    assertThat(authorities.cas()).hasSize(1);
  }

  private static X509Certificate certificate(Roots all, int generation) throws Exception {
    return all.chain(generation).orElseThrow().certificate();
  }

  private Authorities open(IssuingListener listener) throws Exception {
    AuthorityPolicy policy = Fixtures.policy(ISSUING_LIFE);
    Roots all = new Roots(store, roots, signer, policy, clock);
    KeyLabel _ = all.first();
    return Authorities.open(all, store, issuers, Agreed.FIRST, policy, listener, clock);
  }

  // KC-1, KC-8: one wrong signature ends the key, and not all issuance for half of its life.
  @Test
  void active_signatureCorrupted_refusedUntilTheNextOneWhichIsDueAtOnce() throws Exception {
    Authorities authorities = open();
    Draft draft = draft(authorities.active().authority());
    issuers.corruptNextSignature();
    assertThatThrownBy(() -> signer.issue(draft)).isInstanceOf(CustodyException.class);

    assertThatThrownBy(authorities::active)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("out of use: a signature of it did not verify");
    assertThat(authorities.renewAt()).isEqualTo(NOW);

    authorities.renew();

    assertThat(signer.issue(draft(authorities.active().authority()))).isNotNull();
    assertThat(authorities.renewAt()).isEqualTo(NOW.plus(ISSUING_LIFE.dividedBy(2)));
  }

  // KC-8: a person may destroy it in a token; half of its life would be a long time.
  @Test
  void holdsKey_destroyedInTheCustodian_theNextOneIsDueAtOnce() throws Exception {
    Authorities authorities = open();
    assertThat(authorities.holdsKey()).isTrue();
    issuers.destroy(key(authorities));

    assertThat(authorities.holdsKey()).isFalse();
    assertThatThrownBy(authorities::active) // and so it is not ready
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("is not in its custodian any more");
    assertThat(authorities.renewAt()).isEqualTo(NOW);
    authorities.renew();

    assertThat(authorities.holdsKey()).isTrue();
    assertThat(authorities.renewAt()).isEqualTo(NOW.plus(ISSUING_LIFE.dividedBy(2)));
    assertThat(signer.issue(draft(authorities.active().authority()))).isNotNull();
  }

  // A custodian that cannot say is no reason to make another key.
  @Test
  void holdsKey_custodianAway_notSaidAndNothingIsDue() throws Exception {
    Authorities authorities = open();
    issuers.failNextFind(new CustodyException(Fault.LOST, "token removed"));

    assertThatThrownBy(authorities::holdsKey).isInstanceOf(CustodyException.class);

    assertThat(authorities.renewAt()).isEqualTo(NOW.plus(ISSUING_LIFE.dividedBy(2)));
  }

  // KC-1: a root that is tried again each minute would leave an intent each minute.
  @Test
  void renew_rootsSignatureCorrupted_refusedBeforeTheNextIntent() throws Exception {
    Authorities authorities = open();
    roots.corruptNextSignature();
    assertThatThrownBy(authorities::renew).isInstanceOf(CustodyException.class);
    int entries = ledger.entries().size();

    assertThatThrownBy(authorities::renew)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("the key of root")
        .hasMessageContaining("out of use");

    assertThat(ledger.entries()).hasSize(entries);
    assertThat(authorities.active()).isNotNull();
  }

  // SPIRE leaked 16,000 keys in this way (KC-7).
  @Test
  void renew_fails_presentGoesOnAndNoKeyIsLeft() throws Exception {
    Authorities authorities = open();
    IssuingAuthority present = authorities.active();
    ledger.failNextIntend(full);

    assertThatThrownBy(authorities::renew).isSameAs(full);

    assertThat(authorities.active()).isEqualTo(present);
    assertThat(signer.issue(draft(present.authority()))).isNotNull();
    assertThat(store.issuing()).containsExactly(key(authorities).label());
  }

  // KC-7: a try that failed may have made a key, and the tries go on for as long as it takes.
  @Test
  void renew_keyNotMadeAgainAndAgain_oneLabelForAllTries() throws Exception {
    Authorities authorities = open();
    for (int tries = 0; tries < 3; tries++) {
      issuers.failNextGenerate(new CustodyException(Fault.LOST, "token removed"));
      assertThatThrownBy(authorities::renew).isInstanceOf(CustodyException.class);
    }
    assertThat(store.issuing()).hasSize(2);
    KeyLabel next = store.issuing().getLast();
    KeyHandle made = issuers.generate(next, KeyAlgorithm.EC_P256);

    authorities.renew();

    assertThat(key(authorities).label()).isEqualTo(next);
    assertThat(issuers.find(made.publicKey())).isEmpty();
  }

  // KC-7: in a custodian that outlives the process.
  @Test
  void open_keysOfAnEarlierRun_destroyed() throws Exception {
    Authorities authorities = open();
    KeyHandle first = key(authorities);
    authorities.renew();
    KeyHandle second = key(authorities);

    KeyHandle third = key(open());

    assertThat(issuers.find(first.label())).isEmpty();
    assertThat(issuers.find(second.label())).isEmpty();
    assertThat(store.issuing()).containsExactly(third.label());
    assertThat(third.label().value()).matches("issuing-20261123-120000-[0-9a-f]{8}");
  }

  // keys.issuing was custodian and is memory now.
  @Test
  void open_keysOfAnEarlierRunInTheOtherCustodian_destroyed() throws Exception {
    issuers = roots;
    KeyHandle first = key(open());

    Authorities authorities = restart();

    assertThat(roots.find(first.label())).isEmpty();
    assertThat(store.issuing()).containsExactly(key(authorities).label());
  }

  // It is of no use, and no reason not to start.
  @Test
  void open_keyOfAnEarlierRunCannotBeDestroyed_opensAndTriedAgainAtTheNextStart() throws Exception {
    KeyHandle first = key(open());
    issuers.failNextDestroy(new CustodyException(Fault.BUSY, "later"));
    KeyHandle second = key(open());
    assertThat(store.issuing()).containsExactly(first.label(), second.label());

    KeyHandle third = key(open());

    assertThat(store.issuing()).containsExactly(third.label());
    assertThat(issuers.find(first.label())).isEmpty();
  }

  @Test
  void renew_oldKeyCannotBeDestroyed_nextTakesOverAndItIsTriedAgain() throws Exception {
    Authorities authorities = open();
    KeyHandle first = key(authorities);
    clock.advance(Duration.ofHours(12));
    authorities.renew();
    issuers.failNextDestroy(new CustodyException(Fault.BUSY, "later"));
    IssuingAuthority second = authorities.active();
    clock.advance(Duration.ofHours(12));

    authorities.renew();

    assertThat(authorities.active()).isNotEqualTo(second);
    assertThat(issuers.find(first.label())).isPresent();
    authorities.renew();
    assertThat(issuers.find(first.label())).isEmpty();
  }

  // ISS-1; the last one has no successor that could live longer, so none is due before its end.
  @Test
  void renew_closeToTheRootsEnd_clampedAndNotDueAgain() throws Exception {
    Authorities authorities = open();
    clock.advance(ROOT_LIFE.minusHours(6));

    authorities.renew();

    assertThat(authorities.active().authority().notAfter()).isEqualTo(NOW.plus(ROOT_LIFE));
    assertThat(authorities.renewAt()).isEqualTo(NOW.plus(ROOT_LIFE));
  }

  @Test
  void renew_rootExpired_refused() throws Exception {
    Authorities authorities = open();
    clock.advance(ROOT_LIFE);

    assertThatThrownBy(authorities::renew)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("the root expired at");
  }

  private Draft draft(Authority by) throws Exception {
    return signer.prepare(
        CertificateProfile.LEAF,
        CertificateProfile.leaf(
            CART, List.of(), KEY, clock.instant(), clock.instant().plusSeconds(60)),
        by);
  }

  private KeyHandle key(Authorities authorities) throws Exception {
    return issuers
        .find(authorities.active().authority().certificate().getPublicKey())
        .orElseThrow();
  }

  private static X509Certificate root(Authorities authorities) {
    return authorities.bundle().authorities().getFirst();
  }

  private Authorities open() throws Exception {
    return open(DOMAIN);
  }

  /** The keys of issuing authorities end with the process; the root's do not. */
  private Authorities restart() throws Exception {
    issuers = new FakeKeyCustodian();
    return open(DOMAIN);
  }

  private Authorities open(TrustDomain domain) throws Exception {
    AuthorityPolicy policy =
        new AuthorityPolicy(
            domain, KeyAlgorithm.EC_P256, Optional.of(ROOT_LIFE), ISSUING_LIFE, false, List.of());
    return Authorities.open(store, roots, issuers, signer, policy, clock);
  }
}
