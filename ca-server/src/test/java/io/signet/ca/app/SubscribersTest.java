package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.signet.ca.http.SubscriberStatus;
import io.signet.ca.http.SubscriberStatus.Held;
import io.signet.ca.testing.TestClock;
import io.signet.sds.AckLedger;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Condition;
import io.signet.sds.Holder;
import io.signet.sds.Subscriber;
import io.signet.sds.Wants;
import io.signet.spiffe.SpiffeId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SubscribersTest {
  private final TestClock clock = new TestClock();
  private final AckLedger ledger = new AckLedger(clock);
  private final Subscribers subscribers = new Subscribers(ledger);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void all_eachState_asTheLedgerHasIt() {
    Subscriber web = subscriber("1", "web-1");
    ledger.opened(web);
    ledger.wants(
        web,
        new Wants(
            1,
            Map.of(
                "default",
                wanted("v1"),
                "ROOTCA",
                wanted("v2"),
                "ALL",
                wanted("v3"),
                "none",
                Optional.empty())));
    Instant sent = clock.instant();
    ledger.sent(web, Map.of("default", "v1", "ROOTCA", "v2", "ALL", "v3"));
    clock.advance(Duration.ofSeconds(1));
    Instant answered = clock.instant();
    ledger.answered(web, new Ack(Map.of("default", "v1")));
    ledger.answered(web, new Nack(Map.of("ROOTCA", "v2"), "bad"));

    assertThat(subscribers.all())
        .containsExactly(
            new SubscriberStatus(
                "1",
                "web-1",
                "spiffe://example.org/web",
                "pod-1",
                "unix:/sds.sock",
                List.of(
                    held("ALL", Condition.SILENT, "v3", sent),
                    new Held(
                        "ROOTCA",
                        Condition.REFUSED,
                        Optional.of("v2"),
                        Optional.of(answered),
                        1,
                        Optional.of("bad")),
                    held("default", Condition.ACKNOWLEDGED, "v1", answered),
                    new Held(
                        "none",
                        Condition.MISSING,
                        Optional.empty(),
                        Optional.empty(),
                        0,
                        Optional.empty()))));
  }

  @Test
  void bind_states_countedAtEachScrape() {
    subscribers.bind(registry);
    Subscriber one = subscriber("1", "web-1");
    Subscriber two = subscriber("2", "web-2");
    for (Subscriber each : List.of(one, two)) {
      ledger.opened(each);
      ledger.wants(each, new Wants(1, Map.of("default", wanted("v1"), "ROOTCA", Optional.empty())));
      ledger.sent(each, Map.of("default", "v1"));
    }
    assertThat(List.of(count("silent"), count("missing"), count("acknowledged")))
        .containsExactly(2.0, 2.0, 0.0);

    ledger.answered(one, new Ack(Map.of("default", "v1")));
    assertThat(List.of(count("silent"), count("acknowledged"))).containsExactly(1.0, 1.0);

    ledger.closed(two);
    assertThat(List.of(count("silent"), count("missing"), count("refused"), count("unsent")))
        .containsExactly(0.0, 1.0, 0.0, 0.0);
  }

  private static Optional<Wants.Wanted> wanted(String version) {
    return Optional.of(new Wants.Wanted(version, Wants.Mark.NONE));
  }

  private double count(String state) {
    return registry.get("signet.sds.subscribers").tag("state", state).gauge().value();
  }

  private static Held held(String name, Condition state, String version, Instant since) {
    return new Held(name, state, Optional.of(version), Optional.of(since), 0, Optional.empty());
  }

  private static Subscriber subscriber(String stream, String node) {
    return new Subscriber(
        stream,
        node,
        new Holder(SpiffeId.parse("spiffe://example.org/web"), "pod-1"),
        "unix:/sds.sock");
  }
}
