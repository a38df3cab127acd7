package io.signet.sds;

import static io.signet.sds.Laggards.everyoneHas;
import static io.signet.sds.Laggards.laggards;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Wants.Mark;
import io.signet.sds.Wants.Wanted;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AckLedgerTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final Subscriber WEB_1 =
      new Subscriber("1", "web-1", new Holder(Secrets.WEB, "1"), "tls");
  private static final Subscriber WEB_2 =
      new Subscriber("2", "web-2", new Holder(Secrets.WEB, "2"), "tls");

  private final AckLedger ledger = new AckLedger(Clock.fixed(NOW, ZoneOffset.UTC));

  @Test // a silent proxy counts as one that has not
  void everyoneHas_subscribedButNeverSent_isFalse() {
    subscribe(WEB_1);

    assertThat(everyoneHas(ledger, "ROOTCA", "v1")).isFalse();
    assertThat(laggards(ledger, "ROOTCA", "v1")).extracting(Standing::who).containsExactly(WEB_1);
  }

  @Test
  void everyoneHas_sentButNotAcked_isFalse() {
    subscribe(WEB_1);
    ledger.sent(WEB_1, Map.of("ROOTCA", "v1"));

    assertThat(everyoneHas(ledger, "ROOTCA", "v1")).isFalse();
  }

  @Test
  void everyoneHas_oneOfTwoAcked_onlyAfterTheOtherToo() {
    subscribe(WEB_1);
    subscribe(WEB_2);
    ack(WEB_1, "v1");
    assertThat(everyoneHas(ledger, "ROOTCA", "v1")).isFalse();

    ack(WEB_2, "v1");
    assertThat(everyoneHas(ledger, "ROOTCA", "v1")).isTrue();
  }

  @Test
  void everyoneHas_olderVersionAcked_isFalse() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");

    assertThat(everyoneHas(ledger, "ROOTCA", "v2")).isFalse();
  }

  @Test // SDS-13: the proxy keeps its last good one
  void everyoneHas_nextVersionRefused_stillHasTheOlder() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    ledger.sent(WEB_1, Map.of("ROOTCA", "v2"));
    nack(WEB_1, "v2");

    assertThat(everyoneHas(ledger, "ROOTCA", "v1")).isTrue();
    assertThat(everyoneHas(ledger, "ROOTCA", "v2")).isFalse();
  }

  @Test
  void everyoneHas_sameVersionRefusedAfterAck_isFalse() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    nack(WEB_1, "v1");

    assertThat(everyoneHas(ledger, "ROOTCA", "v1")).isFalse();
  }

  @Test
  void everyoneHas_streamClosedOrUnsubscribed_noLongerCounts() {
    subscribe(WEB_1);
    subscribe(WEB_2);
    ledger.closed(WEB_1);
    ledger.wants(WEB_2, wants(1, "default", "v1"));

    assertThat(everyoneHas(ledger, "ROOTCA", "v1")).isTrue();
  }

  @Test // SDS-9
  void subscribers_afterEvents_tellVersionTimeAndError() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    ledger.sent(WEB_1, Map.of("ROOTCA", "v2"));
    nack(WEB_1, "v2");

    assertThat(ledger.subscribers())
        .singleElement()
        .extracting(Standing::secrets)
        .isEqualTo(
            Map.of(
                "ROOTCA",
                new Holding(
                    Optional.of(new Moment("v1", NOW)),
                    Optional.empty(),
                    Optional.of(new Moment("v1", NOW)),
                    Optional.of(new Nacked("v2", NOW, "no")),
                    1,
                    Mark.bundle(1),
                    1)));
  }

  @Test // what an operator is told of each name
  void condition_fromAppearanceToAck_followsTheNewestVersion() {
    ledger.opened(WEB_1);
    ledger.wants(WEB_1, new Wants(0, Map.of("ROOTCA", Optional.empty())));
    assertThat(condition()).isEqualTo(Condition.MISSING);
    assertThat(isBehind()).isFalse();

    ledger.wants(WEB_1, wants(1, "ROOTCA", "v1"));
    assertThat(condition()).isEqualTo(Condition.UNSENT);
    assertThat(isBehind()).isTrue();

    ledger.sent(WEB_1, Map.of("ROOTCA", "v1"));
    assertThat(condition()).isEqualTo(Condition.SILENT);

    nack(WEB_1, "v1");
    assertThat(condition()).isEqualTo(Condition.REFUSED);
    assertThat(isBehind()).isTrue();

    ack(WEB_1, "v1");
    assertThat(condition()).isEqualTo(Condition.ACKNOWLEDGED);
    assertThat(isBehind()).isFalse();

    ledger.wants(WEB_1, wants(2, "ROOTCA", "v2"));
    assertThat(condition()).isEqualTo(Condition.UNSENT);
  }

  @Test
  void nacks_ackedMeanwhile_areStillCounted() {
    subscribe(WEB_1);
    nack(WEB_1, "v1");
    ack(WEB_1, "v1");
    nack(WEB_1, "v1");

    assertThat(holding().nacks()).isEqualTo(2);
  }

  private Condition condition() {
    assertThat(holding().since().isPresent()).isEqualTo(holding().condition() != Condition.MISSING);
    return holding().condition();
  }

  private boolean isBehind() {
    return ledger.subscribers().iterator().next().isBehind();
  }

  private Holding holding() {
    return requireNonNull(ledger.subscribers().iterator().next().secrets().get("ROOTCA"));
  }

  @Test
  void answered_closedStream_isIgnored() {
    subscribe(WEB_1);
    ledger.closed(WEB_1);
    ack(WEB_1, "v1");

    assertThat(ledger.subscribers()).isEmpty();
  }

  private void subscribe(Subscriber who) {
    ledger.opened(who);
    ledger.wants(who, wants(1, "ROOTCA", "v1"));
  }

  private static Wants wants(long sequence, String name, String version) {
    return new Wants(
        sequence, Map.of(name, Optional.of(new Wanted(version, Mark.bundle(sequence)))));
  }

  private static Wants wantsSvid(String version, int generation) {
    return new Wants(1, Map.of("default", Optional.of(new Wanted(version, Mark.svid(generation)))));
  }

  private Standing standing() {
    return ledger.subscribers().iterator().next();
  }

  @Test // nobody knows yet what its names stand for, and what it had on another stream
  void bundle_notFedYet_none() {
    ledger.opened(WEB_1);
    assertThat(standing().bundle()).contains(0L);

    ledger.wants(WEB_1, new Wants(0, Map.of("ROOTCA", Optional.empty())));
    assertThat(standing().bundle()).contains(0L);
  }

  @Test
  void bundle_subscribedToAnSvidAlone_isNoHolderOfOne() {
    ledger.opened(WEB_1);
    ledger.wants(WEB_1, wantsSvid("v1", 1));

    assertThat(standing().bundle()).isEmpty();
    assertThat(standing().generation()).contains(0);
  }

  @Test // the ACK of what was sent before does not stand for what has come since
  void bundle_ackOfTheOlderAfterTheNewer_hasTheOlderAtMost() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    ledger.wants(WEB_1, wants(2, "ROOTCA", "v2"));
    ledger.sent(WEB_1, Map.of("ROOTCA", "v2"));
    ledger.wants(WEB_1, wants(3, "ROOTCA", "v3"));
    ledger.answered(WEB_1, new Ack(Map.of("ROOTCA", "v2")));
    assertThat(standing().bundle()).contains(1L);

    ack(WEB_1, "v3");
    assertThat(standing().bundle()).contains(3L);
  }

  @Test // the race: by content alone the stream would have it before it has looked at it
  void bundle_streamHasNotLookedAtTheNextSnapshot_hasTheOneBefore() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    assertThat(standing().bundle()).contains(1L);

    ledger.wants(WEB_1, wants(2, "ROOTCA", "v1")); // the same content in the next bundle
    assertThat(standing().bundle()).contains(2L);
  }

  @Test // between an ACK of the old and the old again it may have taken over what was between
  void bundle_goesBackToWhatWasAckedBefore_onlyAfterAnotherAck() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    ledger.wants(WEB_1, wants(2, "ROOTCA", "v2"));
    ledger.sent(WEB_1, Map.of("ROOTCA", "v2"));
    ledger.wants(WEB_1, wants(3, "ROOTCA", "v1"));
    assertThat(standing().bundle()).contains(1L);
    assertThat(everyoneHas(ledger, "ROOTCA", "v1")).isFalse();
    ledger.sent(WEB_1, Map.of("ROOTCA", "v1"));
    assertThat(standing().bundle()).contains(1L);
    assertThat(everyoneHas(ledger, "ROOTCA", "v1")).isFalse();

    ledger.answered(WEB_1, new Ack(Map.of("ROOTCA", "v1")));
    assertThat(standing().bundle()).contains(3L);
  }

  @Test // SDS-13
  void bundle_refused_hasTheOneBeforeAndSaysWhy() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    ledger.wants(WEB_1, wants(2, "ROOTCA", "v2"));
    ledger.sent(WEB_1, Map.of("ROOTCA", "v2"));
    nack(WEB_1, "v2");

    assertThat(standing().bundle()).contains(1L);
    assertThat(standing().refusal()).contains("no");
  }

  @Test
  void bundle_secondNameNotAcked_none() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    ledger.wants(
        WEB_1,
        new Wants(
            1,
            Map.of(
                "ROOTCA",
                Optional.of(new Wanted("v1", Mark.bundle(1))),
                "ALL",
                Optional.of(new Wanted("a1", Mark.bundle(1))))));

    assertThat(standing().bundle()).contains(0L);
  }

  @Test // SDS-18: it is never sent what it has, and so never acknowledges it
  void bundle_knownFromAnEarlierStream_hasIt() {
    ledger.opened(WEB_1);
    ledger.knows(WEB_1, Map.of("ROOTCA", "v1"));
    assertThat(standing().bundle()).contains(0L);

    ledger.wants(WEB_1, wants(1, "ROOTCA", "v1"));
    assertThat(standing().bundle()).contains(1L);
    assertThat(condition()).isEqualTo(Condition.ACKNOWLEDGED);
  }

  @Test
  void generation_acked_thatOne() {
    ledger.opened(WEB_1);
    ledger.wants(WEB_1, wantsSvid("v1", 1));
    ackSvid("v1");
    assertThat(standing().generation()).contains(1);

    ledger.wants(WEB_1, wantsSvid("v2", 2));
    assertThat(standing().generation()).contains(1);
    ledger.sent(WEB_1, Map.of("default", "v2"));
    assertThat(standing().generation()).contains(0); // it may use either

    ackSvid("v2");
    assertThat(standing().generation()).contains(2);
  }

  @Test // a rotation that is taken back: it may use either
  void generation_goesBackWhileTheNextIsOnItsWay_notCertain() {
    ledger.opened(WEB_1);
    ledger.wants(WEB_1, wantsSvid("v1", 1));
    ackSvid("v1");
    ledger.wants(WEB_1, wantsSvid("v2", 2));
    ledger.sent(WEB_1, Map.of("default", "v2"));
    ledger.wants(WEB_1, wantsSvid("v3", 1));
    assertThat(standing().generation()).contains(0);

    ledger.answered(WEB_1, new Ack(Map.of("default", "v2")));
    assertThat(standing().generation()).contains(0);

    ackSvid("v3");
    assertThat(standing().generation()).contains(1);
  }

  private void ackSvid(String version) {
    ledger.sent(WEB_1, Map.of("default", version));
    ledger.answered(WEB_1, new Ack(Map.of("default", version)));
  }

  @Test
  void takeHeard_closedAndFetched_onceWhatTheyHad() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    ledger.closed(WEB_1);
    ledger.opened(WEB_2);
    ledger.closed(WEB_2); // before it was fed: nothing is known of it
    var cart = new Holder(Secrets.CART, "3");
    ledger.fetched(cart, wants(4, "ROOTCA", "v4"));
    ledger.fetched(cart, wantsSvid("s1", 2));

    assertThat(ledger.takeHeard())
        .isEqualTo(
            Map.of(
                WEB_1.holder(),
                new Had(Optional.of(1L), Optional.empty(), Optional.empty()),
                WEB_2.holder(),
                new Had(Optional.empty(), Optional.empty(), Optional.empty()),
                cart,
                new Had(Optional.of(4L), Optional.of(2), Optional.empty())));
    assertThat(ledger.takeHeard()).isEmpty();
  }

  @Test // whoever sums up what is open looks at nobody else
  void takeHeard_eachEvent_ofWhomItWas() {
    List<Runnable> events =
        List.of(
            () -> ledger.opened(WEB_1),
            () -> ledger.knows(WEB_1, Map.of("ROOTCA", "v0")),
            () -> ledger.wants(WEB_1, wants(1, "ROOTCA", "v1")),
            () -> ledger.sent(WEB_1, Map.of("ROOTCA", "v1")),
            () -> ledger.answered(WEB_1, new Ack(Map.of("ROOTCA", "v1"))),
            () -> ledger.answered(WEB_1, new Nack(Map.of("ROOTCA", "v1"), "no")));
    subscribe(WEB_2);
    assertThat(ledger.takeHeard()).containsOnlyKeys(WEB_2.holder());

    for (Runnable event : events) {
      event.run();
      assertThat(ledger.takeHeard()).isEqualTo(Map.of(WEB_1.holder(), Had.NOTHING));
    }
    assertThat(ledger.takeHeard()).isEmpty();
    assertThat(ledger.subscribers(WEB_1.holder())).extracting(Standing::who).containsExactly(WEB_1);
  }

  @Test // what had ended is not heard of again
  void takeHeard_eventOfAClosedStream_nobody() {
    subscribe(WEB_1);
    ledger.closed(WEB_1);
    assertThat(ledger.takeHeard()).containsOnlyKeys(WEB_1.holder());

    ledger.sent(WEB_1, Map.of("ROOTCA", "v1"));
    ledger.closed(WEB_1);

    assertThat(ledger.takeHeard()).isEmpty();
    assertThat(ledger.subscribers(WEB_1.holder())).isEmpty();
  }

  private void ack(Subscriber who, String version) {
    ledger.sent(who, Map.of("ROOTCA", version));
    ledger.answered(who, new Ack(Map.of("ROOTCA", version)));
  }

  private void nack(Subscriber who, String version) {
    ledger.answered(who, new Nack(Map.of("ROOTCA", version), "no"));
  }
}
