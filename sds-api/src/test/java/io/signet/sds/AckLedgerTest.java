package io.signet.sds;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.sds.AckLedger.Condition;
import io.signet.sds.AckLedger.Holding;
import io.signet.sds.AckLedger.Moment;
import io.signet.sds.AckLedger.Nacked;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
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
    ledger.wants(WEB_2, Map.of("default", Optional.of("v1")));

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
                    Optional.of(new Moment("v1", NOW)),
                    Optional.of(new Moment("v2", NOW)),
                    Optional.of(new Moment("v1", NOW)),
                    Optional.of(new Nacked("v2", NOW, "no")),
                    1)));
  }

  @Test // what an operator is told of each name
  void condition_fromAppearanceToAck_followsTheNewestVersion() {
    ledger.opened(WEB_1);
    ledger.wants(WEB_1, Map.of("ROOTCA", Optional.empty()));
    assertThat(condition()).isEqualTo(Condition.MISSING);
    assertThat(isBehind()).isFalse();

    ledger.wants(WEB_1, Map.of("ROOTCA", Optional.of("v1")));
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

    ledger.wants(WEB_1, Map.of("ROOTCA", Optional.of("v2")));
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
    ledger.wants(who, Map.of("ROOTCA", Optional.of("v1")));
  }

  private void ack(Subscriber who, String version) {
    ledger.sent(who, Map.of("ROOTCA", version));
    ledger.answered(who, new Ack(Map.of("ROOTCA", version)));
  }

  private void nack(Subscriber who, String version) {
    ledger.answered(who, new Nack(Map.of("ROOTCA", version), "no"));
  }
}
