package io.signet.sds;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.sds.AckLedger.Acked;
import io.signet.sds.AckLedger.Holding;
import io.signet.sds.AckLedger.Nacked;
import io.signet.sds.AckLedger.Sent;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AckLedgerTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final Subscriber WEB_1 =
      new Subscriber("1", "web-1", new Holder(Secrets.WEB, "1"));
  private static final Subscriber WEB_2 =
      new Subscriber("2", "web-2", new Holder(Secrets.WEB, "2"));

  private final AckLedger ledger = new AckLedger(Clock.fixed(NOW, ZoneOffset.UTC));

  @Test // a silent proxy counts as one that has not
  void everyoneHas_subscribedButNeverSent_isFalse() {
    subscribe(WEB_1);

    assertThat(ledger.everyoneHas("ROOTCA", "v1")).isFalse();
    assertThat(ledger.laggards("ROOTCA", "v1"))
        .extracting(AckLedger.Standing::who)
        .containsExactly(WEB_1);
  }

  @Test
  void everyoneHas_sentButNotAcked_isFalse() {
    subscribe(WEB_1);
    ledger.sent(WEB_1, Map.of("ROOTCA", "v1"));

    assertThat(ledger.everyoneHas("ROOTCA", "v1")).isFalse();
  }

  @Test
  void everyoneHas_oneOfTwoAcked_onlyAfterTheOtherToo() {
    subscribe(WEB_1);
    subscribe(WEB_2);
    ack(WEB_1, "v1");
    assertThat(ledger.everyoneHas("ROOTCA", "v1")).isFalse();

    ack(WEB_2, "v1");
    assertThat(ledger.everyoneHas("ROOTCA", "v1")).isTrue();
  }

  @Test
  void everyoneHas_olderVersionAcked_isFalse() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");

    assertThat(ledger.everyoneHas("ROOTCA", "v2")).isFalse();
  }

  @Test // SDS-13: the proxy keeps its last good one
  void everyoneHas_nextVersionRefused_stillHasTheOlder() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    ledger.sent(WEB_1, Map.of("ROOTCA", "v2"));
    nack(WEB_1, "v2");

    assertThat(ledger.everyoneHas("ROOTCA", "v1")).isTrue();
    assertThat(ledger.everyoneHas("ROOTCA", "v2")).isFalse();
  }

  @Test
  void everyoneHas_sameVersionRefusedAfterAck_isFalse() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    nack(WEB_1, "v1");

    assertThat(ledger.everyoneHas("ROOTCA", "v1")).isFalse();
  }

  @Test
  void everyoneHas_streamClosedOrUnsubscribed_noLongerCounts() {
    subscribe(WEB_1);
    subscribe(WEB_2);
    ledger.closed(WEB_1);
    ledger.subscribed(WEB_2, Set.of("default"));

    assertThat(ledger.everyoneHas("ROOTCA", "v1")).isTrue();
  }

  @Test // SDS-9
  void subscribers_afterEvents_tellVersionTimeAndError() {
    subscribe(WEB_1);
    ack(WEB_1, "v1");
    ledger.sent(WEB_1, Map.of("ROOTCA", "v2"));
    nack(WEB_1, "v2");

    assertThat(ledger.subscribers())
        .singleElement()
        .extracting(AckLedger.Standing::secrets)
        .isEqualTo(
            Map.of(
                "ROOTCA",
                new Holding(
                    Optional.of(new Sent("v2", NOW)),
                    Optional.of(new Acked("v1", NOW)),
                    Optional.of(new Nacked("v2", NOW, "no")))));
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
    ledger.subscribed(who, Set.of("ROOTCA"));
  }

  private void ack(Subscriber who, String version) {
    ledger.sent(who, Map.of("ROOTCA", version));
    ledger.answered(who, new Ack(Map.of("ROOTCA", version)));
  }

  private void nack(Subscriber who, String version) {
    ledger.answered(who, new Nack(Map.of("ROOTCA", version), "no"));
  }
}
