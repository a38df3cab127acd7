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
import io.signet.ca.issuance.IssueSvid;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.Steps;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.sds.Holder;
import io.signet.sds.Secret.ValidationContext;
import io.signet.sds.SecretSource.Feed;
import io.signet.sds.Snapshot;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.X509Svid;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
  private Authorities authorities;
  private SvidMaker maker;
  private SvidFeeds feeds;

  @BeforeEach
  void wire() throws Exception {
    CertificateSigner signer = new CertificateSigner(ledger, Fixtures.serials(), clock);
    authorities = Fixtures.authorities(signer, Duration.ofDays(30), clock);
    issuance =
        new IssueSvid(
                new Attestors(List.of()),
                (_, _) -> Attestation.invalid("nobody may impersonate"),
                entitlements(),
                authorities,
                signer,
                Limits.none(),
                Steps.unwatched(),
                clock)
            ::granted;
    maker = new SvidMaker((grant, key) -> issuance.issue(grant, key), clock, new Random(1));
    feeds = feeds(entitlements());
  }

  private static Entitlements entitlements(Rule... rules) {
    return new Entitlements(DOMAIN, LIFE, LIFE, List.of(rules));
  }

  private SvidFeeds feeds(Entitlements entitlements) {
    return new SvidFeeds(
        maker,
        entitlements,
        new ValidationContext(authorities.bundle()),
        timer,
        clock,
        (holder, e) -> failures.add(holder.identity() + ": " + e.getMessage()),
        (_, reason) -> denials.add(reason));
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
      due.add(maker.make(grant(CART)).renewAt());
    }

    assertThat(due)
        .allMatch(at -> !at.isBefore(NOW.plus(LIFE.multipliedBy(45).dividedBy(100))))
        .allMatch(at -> !at.isAfter(NOW.plus(LIFE.dividedBy(2))));
    assertThat(due.stream().distinct().count()).isGreaterThan(40);
  }

  @Test
  void make_refused_renewalExceptionSaysWhy() {
    ledger.failNextIntend(full);

    assertThatThrownBy(() -> maker.make(grant(CART)))
        .isInstanceOf(RenewalException.class)
        .hasMessageContaining("disk full");
  }

  // ISTIO-96: unknown. Istio ends the stream; here what is there is sent, and the rest follows.
  @Test
  void open_firstSvidFails_bundleThenSvid() {
    List<Snapshot> seen = new ArrayList<>();
    ledger.failNextIntend(full);
    Feed feed = feeds.open(CART_1, seen::add);
    assertThat(seen).isEmpty(); // never in the caller's thread

    timer.runDue();
    assertThat(seen)
        .singleElement()
        .satisfies(first -> {
          assertThat(first.bundles()).hasSize(1);
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
    Feed _ = feeds.open(CART_1, seen::add);

    timer.runDue();

    assertThat(seen)
        .singleElement()
        .satisfies(only -> {
          assertThat(only.bundles()).hasSize(1);
          assertThat(only.svids()).hasSize(1);
        });
    Snapshot only = seen.getFirst();
    only.svids().getFirst().svid().verify(only.bundles().getFirst().bundle(), NOW);
  }

  // ISTIO-96: a second request makes no second secret; serial; concurrent connections.
  @Test
  void open_secondStream_sameSvid() {
    List<Snapshot> one = new ArrayList<>();
    List<Snapshot> other = new ArrayList<>();
    Feed _ = feeds.open(CART_1, one::add);
    timer.runDue();

    Feed _ = feeds.open(CART_1, other::add);
    timer.runDue();

    assertThat(one).hasSize(1);
    assertThat(other).containsExactly(one.getLast());
  }

  // ISTIO-96: rotation. Nobody's roots change with it, now or the next time.
  @Test
  void renewal_halfOfLife_newSvid() {
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, seen::add);
    timer.runDue();
    Snapshot first = seen.getLast();

    timer.advance(LIFE.dividedBy(2));

    assertThat(seen.getLast()).isNotEqualTo(first);
    assertThat(seen.getLast().svids().getFirst().svid().expiresAt())
        .isEqualTo(NOW.plus(LIFE).plus(LIFE.dividedBy(2)));
    timer.advance(LIFE.dividedBy(2));
    assertThat(seen).hasSize(3).extracting(Snapshot::bundles).containsOnly(first.bundles());
  }

  // ISTIO-96: update empty. Istio ends the stream when a renewal fails.
  @Test
  void renewal_fails_lastGoodStays() {
    List<Snapshot> seen = new ArrayList<>();
    Feed _ = feeds.open(CART_1, seen::add);
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

    Feed _ = feeds(entitlements(rule)).open(CART_1, seen::add);
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

    Feed _ = feeds(entitlements(rule)).open(CART_1, seen::add);
    timer.advance(LIFE);

    assertThat(seen)
        .singleElement()
        .satisfies(only -> {
          assertThat(only.bundles()).hasSize(1);
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
    Feed _ = feeds.open(CART_1, one::add);
    Feed _ = feeds.open(CART_2, other::add);

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
    Feed feed = feeds.open(CART_1, before::add);
    timer.runDue();
    timer.advance(Duration.ofSeconds(59));
    feed.close();
    timer.advance(Duration.ofSeconds(59));

    Feed _ = feeds.open(CART_1, after::add);
    timer.runDue();

    assertThat(after).containsExactly(before.getLast());
  }

  @Test
  void close_lastStream_endsTheRenewalWithinMinutes() {
    Feed one = feeds.open(CART_1, snapshot -> {});
    Feed other = feeds.open(CART_1, snapshot -> {});
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
        (grant, key) -> {
          begun.countDown();
          Uninterruptibles.awaitUninterruptibly(goOn);
          return fast.issue(grant, key);
        };
    Feed _ = feeds.open(CART_1, seen::add);
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
    java.util.function.Consumer<Snapshot> listener = seen::add;
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
    Feed feed = feeds.open(CART_1, seen::add);
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
            snapshot -> {
              throw new IllegalStateException("broken stream");
            });
    Feed _ = feeds.open(CART_1, seen::add);
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
      feed[0] = feeds.open(CART_1, snapshot -> closeIfOpen(feed));
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
    Feed _ = feeds.open(CART_1, seen::add);
    feeds.close();
    Feed _ = feeds.open(new Holder(SpiffeId.parse("spiffe://example.org/late"), ""), seen::add);

    timer.advance(Duration.ofMinutes(2));

    assertThat(seen).isEmpty();
    assertThat(timer.next()).isEmpty();
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

  private ServingIdentity serving() throws RenewalException {
    return new ServingIdentity(
        maker,
        Grant.own(SpiffeId.parse("spiffe://example.org/signet"), LIFE, List.of("ca.example.org")),
        timer,
        clock,
        e -> failures.add("serving"));
  }
}
