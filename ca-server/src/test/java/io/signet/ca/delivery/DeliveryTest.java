package io.signet.ca.delivery;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.Uninterruptibles;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestors;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authorization.CallerPattern;
import io.signet.ca.authorization.Entitlement;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Grant;
import io.signet.ca.authorization.KeyType;
import io.signet.ca.authorization.Rule;
import io.signet.ca.issuance.GrantedIssuance;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.issuance.IssueSvid;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.Steps;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.RotatingCa;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.soft.ExportableKey;
import io.signet.sds.Holder;
import io.signet.sds.SecretSource;
import io.signet.sds.SecretSource.Feed;
import io.signet.sds.Snapshot;
import io.signet.sds.Trust;
import io.signet.sds.TrustAnchors;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.X509Svid;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SVIDs reach those who hold a stream, and the server itself, before the old ones end. */
final class DeliveryTest {

  private static final Holder CART_1 = new Holder(CART, "1");
  private static final Holder CART_2 = new Holder(CART, "2");
  private static final Duration LIFE = Duration.ofHours(10);

  private final LedgerException full = new LedgerException("disk full");
  private final TestClock clock = new TestClock();
  private final FakeTimer timer = new FakeTimer(clock);
  private final FakeLedger ledger = new FakeLedger();
  private final List<String> failures = new ArrayList<>();
  private final List<String> denials = new ArrayList<>();
  private volatile GrantedIssuance issuance;
  private RotatingCa ca;
  private Authorities authorities;
  private SvidMaker maker;
  private SvidFeeds feeds;

  @BeforeEach
  void wire() throws Exception {
    CertificateSigner signer = new CertificateSigner(ledger, Fixtures.serials(), clock);
    ca = new RotatingCa(signer, Duration.ofDays(30), clock);
    authorities = ca.authorities();
    issuance =
        new IssueSvid(
                new Attestors(List.of()),
                (_, _) -> Attestation.invalid("nobody may impersonate"),
                DeliveryTest::entitlements,
                authorities,
                signer,
                Limits.none(),
                Steps.unwatched(),
                clock)
            ::granted;
    maker =
        new SvidMaker(
            (grant, key, holder) -> issuance.issue(grant, key, holder),
            timer,
            clock,
            new Random(1));
    feeds = feeds(entitlements());
  }

  private static Entitlements entitlements(Rule... rules) {
    return new Entitlements(DOMAIN, LIFE, LIFE, List.of(rules));
  }

  private SvidFeeds feeds(Entitlements entitlements) {
    return feedsBy(() -> entitlements);
  }

  private Trust trust() {
    return Trust.of(new TrustAnchors(authorities.bundle()));
  }

  private final class Listener implements SvidFeeds.Listener {
    @Override
    public void failed(Holder holder, RenewalException why) {
      failures.add(holder.identity() + ": " + why.getMessage());
    }

    @Override
    public void denied(Holder holder, String reason) {
      denials.add(reason);
    }
  }

  private static SecretSource.Listener to(Consumer<Snapshot> snapshots) {
    return new SecretSource.Listener() {
      @Override
      public void changed(Snapshot snapshot) {
        snapshots.accept(snapshot);
      }

      @Override
      public void withdrawn() {
        throw new AssertionError("withdrawn");
      }
    };
  }

  private static Grant grant(SpiffeId id) {
    return Grant.own(id, LIFE, List.of());
  }

  // DEV-7, ISTIO-96: half of its life, up to a tenth of that earlier, drawn once for each.
  // Istio's jitter goes both ways; here nothing is renewed later than promised.
  @Test
  void make_many_renewedBetween45And50PercentOfLife() throws Exception {
    List<Instant> due = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      due.add(maker.make(grant(CART), Optional.empty()).renewAt());
    }

    assertThat(due)
        .allMatch(at -> !at.isBefore(NOW.plus(LIFE.multipliedBy(45).dividedBy(100))))
        .allMatch(at -> !at.isAfter(NOW.plus(LIFE.dividedBy(2))));
    assertThat(due.stream().distinct().count()).isGreaterThan(40);
  }

  @Test
  void make_refused_renewalExceptionSaysWhy() {
    ledger.failNextIntend(full);

    assertThatThrownBy(() -> maker.make(grant(CART), Optional.empty()))
        .isInstanceOf(RenewalException.class)
        .hasMessageContaining("disk full");
  }

  // ISTIO-96: unknown. Istio ends the stream; here what is there is sent, and the rest follows.
  @Test
  void open_firstSvidFails_bundleThenSvid() {
    List<Snapshot> seen = new ArrayList<>();
    ledger.failNextIntend(full);
    Feed feed = feeds.open(CART_1, to(seen::add));
    assertThat(seen).isEmpty(); // never in the caller's thread

    timer.runDue();
    assertThat(seen)
        .singleElement()
        .satisfies(first -> {
          assertThat(first.trust()).isEqualTo(trust());
          assertThat(first.svids()).isEmpty();
        });
    assertThat(failures).containsExactly(CART + ": " + CART + ": disk full");

    timer.advance(Duration.ofSeconds(1));
    assertThat(seen).hasSize(2);
    assertThat(seen.getLast().svids().getFirst().svid().id()).isEqualTo(CART);
    feed.close();
  }

  // ISTIO-96: a secret is made at the first request, and its root comes with it.
  @Test
  void open_firstStream_svidAndBundleTogether() throws Exception {
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));

    timer.runDue();

    assertThat(seen)
        .singleElement()
        .satisfies(only -> {
          assertThat(only.trust()).isEqualTo(trust());
          assertThat(only.svids()).hasSize(1);
        });
    Snapshot only = seen.getFirst();
    only.svids().getFirst().svid().verify(authorities.bundle(), NOW);
  }

  // ISTIO-96: a second request makes no second secret; serial; concurrent connections.
  @Test
  void open_secondStream_sameSvid() {
    List<Snapshot> one = new ArrayList<>();
    List<Snapshot> other = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(one::add));
    timer.runDue();

    Feed _ = feeds.open(CART_1, to(other::add));
    timer.runDue();

    assertThat(one).hasSize(1);
    assertThat(other).containsExactly(one.getLast());
  }

  // ISTIO-96: rotation. Nobody's roots change with it, now or the next time.
  @Test
  void renewal_halfOfLife_newSvid() {
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();
    Snapshot first = seen.getLast();

    timer.advance(LIFE.dividedBy(2));

    assertThat(seen.getLast()).isNotEqualTo(first);
    assertThat(seen.getLast().svids().getFirst().svid().expiresAt())
        .isEqualTo(NOW.plus(LIFE).plus(LIFE.dividedBy(2)));
    timer.advance(LIFE.dividedBy(2));
    assertThat(seen).hasSize(3).extracting(Snapshot::trust).containsOnly(first.trust());
  }

  // ISTIO-96: update empty. Istio ends the stream when a renewal fails.
  @Test
  void renewal_fails_lastGoodStays() {
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();
    int before = seen.size();
    ledger.failNextIntend(full);

    timer.advance(LIFE.dividedBy(2));

    assertThat(seen).hasSize(before);
    assertThat(failures).hasSize(1);
    timer.advance(Duration.ofSeconds(1));
    assertThat(seen).hasSize(before + 1);
  }

  // The rules of CSRs are those of streams.
  @Test
  void open_callerWithARule_lifetimeKeyAndNamesOfTheRule() throws Exception {
    List<Snapshot> seen = new ArrayList<>();
    Rule rule =
        rule(
            new Entitlement(
                true,
                List.of(),
                Duration.ofMinutes(10),
                List.of(KeyType.RSA),
                List.of("cart.example.org")));

    Feed _ = feeds(entitlements(rule)).open(CART_1, to(seen::add));
    timer.runDue();

    X509Svid svid = seen.getLast().svids().getFirst().svid();
    assertThat(svid.expiresAt()).isEqualTo(NOW.plus(Duration.ofMinutes(10)));
    assertThat(KeyType.of(svid.leaf().getPublicKey())).hasToString("rsa-2048");
    assertThat(svid.leaf().getSubjectAlternativeNames())
        .containsExactly(List.of(6, CART.toString()), List.of(2, "cart.example.org"));
  }

  // SDS-6: its own name looks like one that does not exist, and the stream goes on.
  @Test
  void open_callerWithoutItsOwnIdentity_bundleAlone() {
    List<Snapshot> seen = new ArrayList<>();
    Rule rule =
        rule(new Entitlement(false, List.of(), LIFE, KeyType.ALL, List.of("cart.example.org")));

    Feed _ = feeds(entitlements(rule)).open(CART_1, to(seen::add));
    timer.advance(LIFE);

    assertThat(seen)
        .singleElement()
        .satisfies(only -> {
          assertThat(only.trust()).isEqualTo(trust());
          assertThat(only.svids()).isEmpty();
        });
    assertThat(failures).isEmpty();
    assertThat(denials).singleElement().asString().startsWith("entitlements[0] (caller ");
  }

  private static Rule rule(Entitlement entitlement) {
    return new Rule(0, CallerPattern.parse(CART.toString()), entitlement);
  }

  // K8S-48: pods of one account share an identity and no key.
  @Test
  void open_otherInstanceOfTheIdentity_svidOfItsOwn() {
    List<Snapshot> one = new ArrayList<>();
    List<Snapshot> other = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(one::add));
    Feed _ = feeds.open(CART_2, to(other::add));

    timer.runDue();

    X509Svid first = one.getLast().svids().getFirst().svid();
    X509Svid second = other.getLast().svids().getFirst().svid();
    assertThat(second.id()).isEqualTo(first.id());
    assertThat(second.leaf().getPublicKey()).isNotEqualTo(first.leaf().getPublicKey());
  }

  // ISTIO-96: reconnect. Whoever loses its connection and comes back needs no new certificate.
  @Test
  void close_lastStreamAndOpenAgain_sameSvid() {
    List<Snapshot> before = new ArrayList<>();
    List<Snapshot> after = new ArrayList<>();
    Feed feed = feeds.open(CART_1, to(before::add));
    timer.runDue();
    timer.advance(Duration.ofSeconds(59));
    feed.close();
    timer.advance(Duration.ofSeconds(59));

    Feed _ = feeds.open(CART_1, to(after::add));
    timer.runDue();

    assertThat(after).containsExactly(before.getLast());
  }

  // An SVID that nobody hears of would keep a rotation waiting for its end.
  @Test
  void renewal_dueWhileNobodyListens_madeWhenOneComesBack() {
    Feed feed = feeds.open(CART_1, to(snapshot -> {}));
    timer.runDue();
    timer.advance(Duration.ofSeconds(30)); // it looks once a minute
    feeds.renewUnless(svid -> false);
    feed.close();
    int made = ledger.entries().size();
    timer.advance(Duration.ofSeconds(59));
    assertThat(ledger.entries()).hasSize(made);

    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();

    assertThat(ledger.entries()).hasSize(made + 1);
    assertThat(seen).hasSize(2);
  }

  @Test // nor is it tried again what has failed
  void renewal_failsAndNobodyListensAnyMore_notTriedAgainUntilOneComesBack() {
    int made = ledger.entries().size();
    Feed feed = feeds.open(CART_1, to(snapshot -> {}));
    for (int times = 0; times < 4; times++) {
      ledger.failNextIntend(full); // at once, and after 1, 3 and 7 seconds
    }
    timer.runDue();
    feed.close();
    for (int seconds = 1; seconds <= 30; seconds++) {
      timer.advance(Duration.ofSeconds(1));
    }
    assertThat(ledger.entries()).hasSize(made);

    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.advance(Duration.ofSeconds(1));

    assertThat(seen.getLast().svids()).hasSize(1);
  }

  @Test
  void close_lastStream_endsTheRenewalWithinMinutes() {
    Feed one = feeds.open(CART_1, to(snapshot -> {}));
    Feed other = feeds.open(CART_1, to(snapshot -> {}));
    timer.runDue();

    one.close();
    one.close(); // twice is once
    timer.advance(Duration.ofMinutes(2));
    assertThat(timer.next()).isPresent();
    other.close();
    timer.advance(Duration.ofMinutes(2));
    timer.advance(Duration.ofMinutes(1));
    assertThat(timer.next()).isEmpty();
  }

  // Whoever needs only the bundle must not wait for a key that cannot be made.
  @Test
  void open_firstSvidTakesLong_bundleAfterASecond() throws Exception {
    List<Snapshot> seen = new CopyOnWriteArrayList<>();
    GrantedIssuance fast = issuance;
    var begun = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    issuance =
        (grant, key, holder) -> {
          begun.countDown();
          Uninterruptibles.awaitUninterruptibly(goOn);
          return fast.issue(grant, key, holder);
        };
    Feed _ = feeds.open(CART_1, to(seen::add));
    Thread slow = Thread.ofPlatform().start(timer::runDue);
    begun.await();

    timer.advance(Duration.ofSeconds(1));

    assertThat(seen).singleElement().satisfies(only -> assertThat(only.svids()).isEmpty());
    goOn.countDown();
    slow.join();
    timer.runDue();
    assertThat(seen.getLast().svids()).hasSize(1);
  }

  // The same listener may stand for two streams.
  @Test
  void close_oneOfTwoStreamsOfOneListener_otherGoesOn() {
    List<Snapshot> seen = new ArrayList<>();
    SecretSource.Listener listener = to(seen::add);
    Feed one = feeds.open(CART_1, listener);
    Feed _ = feeds.open(CART_1, listener);
    one.close();
    one.close();

    timer.runDue();

    assertThat(seen).isNotEmpty();
  }

  @Test
  void close_stream_listenerIsNotCalledAgain() {
    List<Snapshot> seen = new ArrayList<>();
    Feed feed = feeds.open(CART_1, to(seen::add));
    feed.close();

    timer.runDue();

    assertThat(seen).isEmpty();
  }

  @Test
  void publish_listenerThrows_othersAreToldAndRenewalGoesOn() {
    List<Snapshot> seen = new ArrayList<>();
    Feed _ =
        feeds.open(
            CART_1,
            to(snapshot -> {
              throw new IllegalStateException("broken stream");
            }));
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();
    int before = seen.size();

    timer.advance(LIFE.dividedBy(2));

    assertThat(seen).hasSize(before + 1);
    assertThat(failures).isEmpty();
  }

  // A listener that closes its own stream must not wait for a lock that its caller holds.
  @Test
  @Timeout(30)
  void publish_listenerClosesWhileOthersOpen_noDeadlock() throws Exception {
    List<Future<?>> all = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 8; i++) {
        all.add(threads.submit(this::openAndCloseInListener));
      }
      for (int i = 0; i < 200; i++) {
        timer.runDue();
      }
      for (Future<?> each : all) {
        each.get(20, TimeUnit.SECONDS);
      }
    }
    timer.advance(Duration.ofMinutes(2));
    timer.advance(Duration.ofMinutes(1));
    assertThat(timer.next()).isEmpty();
  }

  private void openAndCloseInListener() {
    for (int i = 0; i < 50; i++) {
      Feed[] feed = new Feed[1];
      feed[0] = feeds.open(CART_1, to(snapshot -> closeIfOpen(feed)));
      timer.runDue();
      feed[0].close();
    }
  }

  private static void closeIfOpen(Feed[] feed) {
    if (feed[0] != null) {
      feed[0].close();
    }
  }

  @Test
  void close_allFeeds_silence() {
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    feeds.close();
    Feed _ = feeds.open(new Holder(SpiffeId.parse("spiffe://example.org/late"), ""), to(seen::add));

    timer.advance(Duration.ofMinutes(2));

    assertThat(seen).isEmpty();
    assertThat(timer.next()).isEmpty();
  }

  @Test // SDS-7: it is to come, so a delta stream must not be told that it does not exist
  void open_firstSvidFails_isAwaited() {
    List<Snapshot> seen = new ArrayList<>();
    ledger.failNextIntend(full);
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();
    assertThat(seen.getLast().awaited()).containsExactly(CART);

    timer.advance(Duration.ofSeconds(1));
    assertThat(seen.getLast().awaited()).isEmpty();
  }

  @Test // SDS-4: made once for all, and each SVID stays what it was
  void trustIs_changed_everybodyIsToldAndKeepsItsSvid() {
    List<Snapshot> one = new ArrayList<>();
    List<Snapshot> other = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(one::add));
    Feed _ = feeds.open(CART_2, to(other::add));
    timer.runDue();
    List<?> svids = one.getLast().svids();

    feeds.trustIs(Trust.NONE);
    timer.runDue();

    assertThat(one.getLast().trust()).isSameAs(Trust.NONE);
    assertThat(other.getLast().trust()).isSameAs(Trust.NONE);
    assertThat(one.getLast().svids()).isEqualTo(svids);
    List<Snapshot> late = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(late::add));
    timer.runDue();
    assertThat(late.getLast().trust()).isSameAs(Trust.NONE);
  }

  @Test // SC-18: looked up before each SVID
  void renewal_entitlementWithdrawn_streamsAreToldAndNoSvidIsMade() {
    Rule none = rule(new Entitlement(false, List.of(), LIFE, KeyType.ALL, List.of("x.example")));
    var current = new AtomicReference<>(entitlements());
    feeds = feedsBy(current::get);
    List<String> told = new ArrayList<>();
    SecretSource.Listener stream = telling(told);
    Feed feed = feeds.open(CART_1, stream);
    timer.runDue();

    current.set(entitlements(none));
    timer.advance(LIFE.dividedBy(2));
    feed.close();
    Feed _ = feeds.open(CART_1, stream);
    timer.runDue();

    assertThat(told).containsExactly("1 SVIDs", "withdrawn", "0 SVIDs");
    assertThat(denials).isNotEmpty();
  }

  @Test // SC-18: at once, not only when an SVID is due
  void entitlementsChanged_lostAndWon_isToldAtOnce() {
    Rule none = rule(new Entitlement(false, List.of(), LIFE, KeyType.ALL, List.of("x.example")));
    var current = new AtomicReference<>(entitlements(none));
    feeds = feedsBy(current::get);
    List<String> told = new ArrayList<>();
    Feed _ = feeds.open(CART_1, telling(told));
    timer.runDue();

    current.set(entitlements());
    feeds.entitlementsChanged();
    timer.runDue();
    current.set(entitlements(none));
    feeds.entitlementsChanged();
    timer.runDue();
    timer.advance(LIFE);

    assertThat(told).containsExactly("0 SVIDs", "1 SVIDs", "withdrawn");
  }

  @Test // SC-18: whatever else happens to the feed, each of its streams is told
  void withdrawn_whileOthersOpenAndTrustChanges_everyStreamIsTold() {
    Rule none = rule(new Entitlement(false, List.of(), LIFE, KeyType.ALL, List.of("x.example")));
    var current = new AtomicReference<>(entitlements());
    feeds = feedsBy(current::get);
    List<String> one = new ArrayList<>();
    List<String> other = new ArrayList<>();
    Feed _ = feeds.open(CART_1, telling(one));
    Feed _ = feeds.open(CART_1, telling(other));
    timer.runDue();

    current.set(entitlements(none));
    feeds.entitlementsChanged();
    Feed _ = feeds.open(CART_1, telling(new ArrayList<>()));
    feeds.trustIs(Trust.NONE);
    timer.runDue();

    assertThat(one).last().isEqualTo("withdrawn");
    assertThat(other).last().isEqualTo("withdrawn");
  }

  @Test // an SVID by the rule of before is neither sent nor kept
  void entitlementsChanged_whileAnSvidIsMade_thatOneIsNotFed() {
    var current = new AtomicReference<>(entitlements());
    feeds = feedsBy(current::get);
    GrantedIssuance right = issuance;
    issuance =
        (grant, key, holder) -> {
          issuance = right;
          current.set(entitlements(shortLived()));
          feeds.entitlementsChanged();
          return right.issue(grant, key, holder);
        };
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();
    timer.advance(Duration.ofSeconds(1));

    assertThat(seen)
        .filteredOn(snapshot -> !snapshot.svids().isEmpty())
        .extracting(snapshot -> snapshot.svids().getFirst().svid().expiresAt())
        .containsExactly(clock.instant().plus(Duration.ofMinutes(10)));
  }

  @Test // of those that were revoked, and of no other
  void renewUnless_oneDoesNotCount_thatOneIsMadeAnewWithinAMinute() {
    feeds = feeds(entitlements());
    List<Snapshot> one = new ArrayList<>();
    List<Snapshot> other = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(one::add));
    Feed _ = feeds.open(CART_2, to(other::add));
    timer.runDue();
    X509Svid revoked = one.getLast().svids().getFirst().svid();

    feeds.renewUnless(svid -> !svid.equals(revoked));
    timer.advance(Duration.ofMinutes(1));

    assertThat(one.getLast().svids().getFirst().svid().serial()).isNotEqualTo(revoked.serial());
    assertThat(other).hasSize(1);
    feeds.renewUnless(svid -> !svid.equals(revoked));
    int seen = one.size();
    timer.advance(Duration.ofMinutes(1));
    assertThat(one).hasSize(seen);
  }

  @Test // it says the same of this caller
  void entitlementsChanged_anotherRuleBefore_nothingIsMadeAnew() {
    var current = new AtomicReference<>(entitlements(shortLived()));
    feeds = feedsBy(current::get);
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();
    Rule before =
        new Rule(0, CallerPattern.parse("spiffe://example.org/other"), shortLived().entitlement());

    current.set(
        entitlements(before, new Rule(1, shortLived().caller(), shortLived().entitlement())));
    feeds.entitlementsChanged();
    timer.advance(Duration.ofMinutes(1));

    assertThat(seen).hasSize(1);
  }

  @Test // FLD-7: who may hold no identity resumes nobody's sessions
  void tickets_callerWithoutIdentity_hasNone() {
    Rule none = rule(new Entitlement(false, List.of(), LIFE, KeyType.ALL, List.of("x.example")));
    List<Snapshot> seen = new ArrayList<>();
    feeds = feedsBy(() -> entitlements(none));
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();
    feeds.refreshTickets();
    timer.runDue();

    assertThat(seen).extracting(Snapshot::tickets).containsOnly(Optional.empty());
  }

  private static Rule shortLived() {
    return rule(new Entitlement(true, List.of(), Duration.ofMinutes(10), KeyType.ALL, List.of()));
  }

  @Test // what is granted in another form is made anew, within the minute of a look
  void entitlementsChanged_otherForm_newSvid() {
    var current = new AtomicReference<>(entitlements());
    feeds = feedsBy(current::get);
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();

    current.set(
        entitlements(
            rule(
                new Entitlement(true, List.of(), Duration.ofMinutes(10), KeyType.ALL, List.of()))));
    feeds.entitlementsChanged();
    timer.advance(Duration.ofMinutes(1));

    assertThat(seen).hasSize(2);
    assertThat(seen.getLast().svids().getFirst().svid().expiresAt())
        .isEqualTo(clock.instant().plus(Duration.ofMinutes(10)));
  }

  private SvidFeeds feedsBy(Supplier<Entitlements> entitlements) {
    return new SvidFeeds(
        maker,
        entitlements,
        trust(),
        new SessionTickets(new SecureRandom(), clock),
        timer,
        clock,
        1,
        new Listener());
  }

  private static SecretSource.Listener telling(List<String> told) {
    return new SecretSource.Listener() {
      @Override
      public void changed(Snapshot snapshot) {
        told.add(snapshot.svids().size() + " SVIDs");
      }

      @Override
      public void withdrawn() {
        told.add("withdrawn");
      }
    };
  }

  @Test // the alarm: how long the last good one lasts
  void failing_renewalFails_untilTheEndOfTheSvidInUse() {
    Feed _ = feeds.open(CART_1, to(_ -> {}));
    timer.runDue();
    assertThat(feeds.failing()).isEmpty();
    ledger.failNextIntend(full);

    timer.advance(LIFE.dividedBy(2));
    assertThat(feeds.failing()).containsExactly(NOW.plus(LIFE));

    timer.advance(Duration.ofSeconds(1));
    assertThat(feeds.failing()).isEmpty();
  }

  @Test // and to its end only: who comes then waits for one that is of use
  void failing_beyondTheEndOfTheSvid_isAwaitedAgain() {
    GrantedIssuance working = issuance;
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();
    issuance = (_, _, _) -> new Refused(Why.CUSTODY_UNAVAILABLE, "no custodian");

    timer.advance(LIFE.dividedBy(2));
    assertThat(seen.getLast().svids()).hasSize(1);
    timer.advance(LIFE);
    assertThat(seen.getLast().svids()).isEmpty();
    assertThat(seen.getLast().awaited()).containsExactly(CART);
    assertThat(feeds.failing()).containsExactly(Instant.EPOCH);

    issuance = working;
    timer.advance(Duration.ofMinutes(1));
    assertThat(seen.getLast().svids()).hasSize(1);
    assertThat(feeds.failing()).isEmpty();
  }

  @Test // SDS-5: the last good secret stays
  void make_svidOfAnotherKey_isNeverFed() {
    GrantedIssuance right = issuance;
    ExportableKey foreign = ExportableKey.generate(KeyAlgorithm.EC_P256);
    issuance = (grant, _, holder) -> right.issue(grant, foreign.publicKey(), holder);

    assertThatThrownBy(() -> maker.make(grant(CART), Optional.empty()))
        .isInstanceOf(RenewalException.class)
        .hasMessageContaining("not of the key made for it");
  }

  @Test // FLD-7: the same for all who share the identity, another every hour, the old one decrypts
  void tickets_nextHour_newFirstKeyAndTheOldOneDecrypts() {
    List<Snapshot> one = new ArrayList<>();
    List<Snapshot> other = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(one::add));
    Feed _ = feeds.open(CART_2, to(other::add));
    timer.runDue();
    var before = one.getLast().tickets().orElseThrow();
    assertThat(other.getLast().tickets().orElseThrow().version()).isEqualTo(before.version());

    timer.advance(SessionTickets.PERIOD);
    feeds.refreshTickets();
    timer.runDue();

    var after = one.getLast().tickets().orElseThrow();
    assertThat(after.keys()).hasSize(3);
    assertThat(after.keys().getFirst().sameAs(before.keys().getLast())).isTrue();
    assertThat(after.keys().get(1).sameAs(before.keys().getFirst())).isTrue();
    assertThat(after.keys().getFirst().sameAs(before.keys().getFirst())).isFalse();
  }

  @Test
  void tickets_otherIdentity_areOthers() {
    var tickets = new SessionTickets(new SecureRandom(), clock);

    assertThat(tickets.of(CART).version())
        .isEqualTo(tickets.of(CART).version())
        .isNotEqualTo(tickets.of(SpiffeId.parse("spiffe://example.org/other")).version());
  }

  @Test // a new stream does not wait for a key
  void keyPool_afterFirstUse_isFilledAndFilledAgain() {
    var pool = new KeyPool(4, timer);
    ExportableKey first = pool.take(KeyAlgorithm.EC_P256);
    assertThat(pool.ready(KeyAlgorithm.EC_P256)).isZero();

    timer.runDue();
    assertThat(pool.ready(KeyAlgorithm.EC_P256)).isEqualTo(4);
    assertThat(pool.ready(KeyAlgorithm.RSA_2048)).isZero();
    ExportableKey second = pool.take(KeyAlgorithm.EC_P256);
    assertThat(second.publicKey()).isNotEqualTo(first.publicKey());
    for (int taken = 0; taken < 3; taken++) {
      assertThat(pool.take(KeyAlgorithm.EC_P256).publicKey()).isNotEqualTo(second.publicKey());
    }
    timer.runDue();
    assertThat(pool.ready(KeyAlgorithm.EC_P256)).isEqualTo(4);
  }

  // ISTIO-95: the certificate of the server itself, with its host names.
  @Test
  void serving_start_certificateWithHosts() throws Exception {
    try (ServingIdentity serving = serving()) {
      var keyed = serving.current();

      assertThat(keyed.chain()).hasSize(2);
      assertThat(keyed.chain().getFirst().getSubjectAlternativeNames())
          .contains(List.of(2, "ca.example.org"));
      assertThat(keyed.toString()).doesNotContain("Private");
    }
  }

  @Test
  void serving_halfOfLife_renewedAndLastGoodStaysUntilThen() throws Exception {
    try (ServingIdentity serving = serving()) {
      var first = serving.current().chain();
      ledger.failNextIntend(full);
      timer.advance(LIFE.dividedBy(2));
      assertThat(serving.current().chain()).isEqualTo(first);
      assertThat(failures).containsExactly("serving");

      timer.advance(Duration.ofSeconds(1));

      assertThat(serving.current().chain()).isNotEqualTo(first);
    }
    assertThat(timer.next()).isEmpty();
  }

  @Test
  void serving_firstCannotBeMade_refused() {
    ledger.failNextIntend(full);

    assertThatThrownBy(this::serving).isInstanceOf(RenewalException.class);
  }

  @Test
  void serving_authorityChanges_nextCertificateAtOnce() throws Exception {
    ServingIdentity serving = serving();
    ca.turn();
    timer.advance(Duration.ofSeconds(5));
    assertThat(serving.generation()).isEqualTo(1);

    serving.renew();
    timer.runDue();

    assertThat(serving.generation()).isEqualTo(2);
    assertThat(timer.next().orElseThrow()).isPositive();
  }

  @Test // nobody loses us: what there is stays until there is another
  void serving_renewalFails_triedAgainUntilItWorks() throws Exception {
    ServingIdentity serving = serving();
    ca.turn();
    timer.advance(Duration.ofSeconds(5));
    ledger.failNextIntend(full);

    serving.renew();
    timer.runDue();
    assertThat(serving.generation()).isEqualTo(1);
    assertThat(failures).containsExactly("serving");

    timer.advance(Duration.ofSeconds(1));
    assertThat(serving.generation()).isEqualTo(2);
  }

  // ISTIO-41, SROT-5, RATE-2: no storm. Four feeds over eight minutes are two minutes apart.
  @Test
  void reissue_window_oneAfterTheOtherAndEvenly() {
    List<List<Snapshot>> all = opened(4);
    ca.turn();

    feeds.reissue(2, Duration.ofMinutes(8));
    List<Integer> reissued = new ArrayList<>();
    for (int minute = 0; minute <= 8; minute++) {
      timer.runDue();
      reissued.add(Math.toIntExact(all.stream().filter(seen -> generation(seen) == 2).count()));
      timer.advance(Duration.ofMinutes(1));
    }

    assertThat(reissued).containsExactly(1, 1, 2, 2, 3, 3, 4, 4, 4);
    assertThat(all).allSatisfy(seen -> assertThat(seen).hasSize(2));
  }

  private List<List<Snapshot>> opened(int count) {
    List<List<Snapshot>> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<Snapshot> seen = new ArrayList<>();
      Feed _ = feeds.open(new Holder(CART, "pod-" + i), to(seen::add));
      all.add(seen);
    }
    timer.runDue();
    timer.advance(Duration.ofSeconds(5));
    return all;
  }

  private static int generation(List<Snapshot> seen) {
    return seen.getLast().svids().getFirst().generation();
  }

  @Test // who is new does not wait for its turn
  void reissue_newStreamMeanwhile_hasTheNewGenerationAtOnce() {
    var _ = opened(4);
    ca.turn();
    feeds.reissue(2, Duration.ofHours(1));
    timer.runDue();

    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(new Holder(CART, "new"), to(seen::add));
    timer.runDue();

    assertThat(generation(seen)).isEqualTo(2);
  }

  @Test // each look at the journal says it again
  void reissue_saidAgain_goesOnAndDoesNotBeginAnew() {
    List<List<Snapshot>> all = opened(4);
    ca.turn();
    for (int minute = 0; minute <= 8; minute++) {
      feeds.reissue(2, Duration.ofMinutes(8));
      timer.advance(Duration.ofMinutes(1));
    }
    assertThat(all).allSatisfy(seen -> assertThat(generation(seen)).isEqualTo(2));
    assertThat(all).allSatisfy(seen -> assertThat(seen).hasSize(2));
  }

  @Test // by then its issuance had begun, and it came with the old one
  void reissue_saidAgainWhenOneCameLate_thatOneFollows() {
    List<List<Snapshot>> all = opened(1);
    feeds.reissue(1, Duration.ZERO);
    timer.runDue();
    ca.turn();
    feeds.reissue(2, Duration.ZERO);
    timer.advance(Duration.ofSeconds(5));
    assertThat(generation(all.getFirst())).isEqualTo(2);

    ca.turnBack(); // stands for a replica that was late
    List<Snapshot> late = new ArrayList<>();
    Feed _ = feeds.open(new Holder(CART, "late"), to(late::add));
    timer.advance(Duration.ofSeconds(5));
    assertThat(generation(late)).isEqualTo(1);

    ca.turn(1, 2);
    feeds.reissue(2, Duration.ZERO);
    timer.advance(Duration.ofSeconds(5));
    assertThat(generation(late)).isEqualTo(2);
  }

  @Test
  void reissue_nobodyListens_notUntilOneComesBack() {
    Feed feed = feeds.open(CART_1, to(snapshot -> {}));
    timer.runDue();
    feed.close();
    timer.advance(Duration.ofSeconds(10));
    ca.turn();
    int made = ledger.entries().size();
    feeds.reissue(2, Duration.ZERO);
    timer.advance(Duration.ofSeconds(5));
    assertThat(ledger.entries()).hasSize(made);

    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    feeds.reissue(2, Duration.ZERO);
    timer.advance(Duration.ofSeconds(5));

    assertThat(generation(seen)).isEqualTo(2);
  }

  @Test // whoever fetches once in a while is heard of between two looks only
  void reissue_oneFetchesAndGoes_replacedForTheNextTime() {
    Feed first = feeds.open(CART_1, to(snapshot -> {}));
    timer.runDue();
    first.close();
    ca.turn();
    timer.advance(Duration.ofSeconds(30));
    feeds.reissue(2, Duration.ZERO);
    timer.runDue();
    feeds.open(CART_1, to(snapshot -> {})).close();

    feeds.reissue(2, Duration.ZERO);
    timer.advance(Duration.ofSeconds(5));

    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, to(seen::add));
    timer.runDue();
    assertThat(generation(seen.subList(0, 1))).isEqualTo(2);
  }

  // Each takes a second on the only processor, which can make one a second: half of that is one in
  // two seconds.
  @Test
  void reissue_issuanceIsSlow_halfOfWhatTheMachineCanDo() {
    List<List<Snapshot>> all = opened(10);
    GrantedIssuance fast = issuance;
    issuance =
        (grant, key, holder) -> {
          clock.advance(Duration.ofSeconds(1));
          return fast.issue(grant, key, holder);
        };
    ca.turn();
    Instant begin = clock.instant();

    feeds.reissue(2, Duration.ZERO);
    while (all.stream().anyMatch(seen -> generation(seen) == 1)) {
      timer.advance(timer.next().orElseThrow());
    }

    assertThat(Duration.between(begin, clock.instant()))
        .isBetween(Duration.ofSeconds(18), Duration.ofSeconds(21));
  }

  @Test // who closed its stream or lost its identity needs none
  void reissue_feedsThatEnd_arePassedOver() {
    var current = new AtomicReference<>(entitlements());
    feeds = feedsBy(current::get);
    List<String> told = new ArrayList<>();
    Feed _ = feeds.open(CART_1, telling(told));
    timer.advance(Duration.ofSeconds(5));
    int before = ledger.entries().size();
    ca.turn();
    int made = ledger.entries().size() - before;
    current.set(
        entitlements(rule(new Entitlement(false, List.of(), LIFE, KeyType.ALL, List.of()))));
    feeds.entitlementsChanged();

    feeds.reissue(2, Duration.ZERO);
    timer.advance(Duration.ofSeconds(5));

    assertThat(told).endsWith("withdrawn");
    assertThat(ledger.entries()).hasSize(before + made);
  }

  @Test // one that cannot be made holds back the others for a while only
  void reissue_someCannotBeMade_theOthersFollow() {
    List<List<Snapshot>> all = opened(6);
    GrantedIssuance right = issuance;
    issuance =
        (grant, key, holder) ->
            holder.orElseThrow().instance().matches("pod-[012]")
                ? new Refused(Why.SELF_CHECK_FAILED, "no such name")
                : right.issue(grant, key, holder);
    ca.turn();

    feeds.reissue(2, Duration.ZERO);
    for (int second = 0; second < 60; second++) {
      timer.advance(Duration.ofSeconds(1));
    }

    assertThat(all.stream().filter(seen -> generation(seen) == 2)).hasSize(3);
  }

  private ServingIdentity serving() throws RenewalException {
    return new ServingIdentity(
        maker,
        Grant.own(SpiffeId.parse("spiffe://example.org/signet"), LIFE, List.of("ca.example.org")),
        timer,
        clock,
        e -> failures.add("serving"));
  }
}
