package io.signet.ca.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.http.SubscriberStatus;
import io.signet.ca.http.SubscriberStatus.Held;
import io.signet.ca.telemetry.SubscriberMetrics;
import io.signet.sds.AckLedger;
import io.signet.sds.Condition;
import io.signet.sds.Holding;
import io.signet.sds.Moment;
import io.signet.sds.Nacked;
import io.signet.sds.Standing;
import io.signet.sds.Subscriber;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** Who is subscribed, and has what, as it is told. Safe for use by many threads. */
record Subscribers(AckLedger ledger) {

  /** Every open stream. */
  Stream<SubscriberStatus> all() {
    return ledger.subscribers().map(Subscribers::status);
  }

  /** Counts them by state at each scrape. */
  void bind(MeterRegistry registry) {
    List<String> states = Arrays.stream(Condition.values()).map(Condition::label).toList();
    SubscriberMetrics.bind(registry, states, this::count);
  }

  private long count(String state) {
    Condition counted = Condition.valueOf(state.toUpperCase(Locale.ROOT));
    return ledger
        .subscribers()
        .flatMap(standing -> standing.secrets().values().stream())
        .filter(held -> held.condition() == counted)
        .count();
  }

  private static SubscriberStatus status(Standing standing) {
    Subscriber who = standing.who();
    return new SubscriberStatus(
        who.stream(),
        who.node(),
        who.holder().identity().toString(),
        who.holder().instance(),
        who.listener(),
        standing.secrets().entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(each -> held(each.getKey(), each.getValue()))
            .toList());
  }

  private static Held held(String name, Holding holding) {
    return new Held(
        name,
        holding.condition(),
        holding.wanted().map(Moment::version),
        holding.since(),
        holding.nacks(),
        holding.nacked().map(Nacked::error));
  }
}
