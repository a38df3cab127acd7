package io.signet.ca.delivery;

import static io.signet.ca.testing.Fixtures.CART;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.FakeHolders;
import io.signet.ca.testing.TestClock;
import io.signet.sds.AckLedger;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Holder;
import io.signet.sds.Subscriber;
import io.signet.sds.Wants;
import io.signet.sds.Wants.Mark;
import io.signet.sds.Wants.Wanted;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random events on the streams of a few holders: whoever looks only at those that were heard of
 * reports the same, at the same time, as one that hears of everybody before each look.
 */
final class HolderWatchWalkTest {

  private static final int STEPS = 5_000;
  private static final List<Holder> HOLDERS =
      List.of(new Holder(CART, "1"), new Holder(CART, "2"), new Holder(CART, "3"));

  private final TestClock clock = new TestClock();
  private final Side lazy = new Side();
  private final Side eager = new Side();
  private final Set<Subscriber> open = new HashSet<>();

  private final class Side {
    private final AckLedger acks = new AckLedger(clock);
    private final FakeHolders holders = new FakeHolders(new FakeLedger());
    private final HolderWatch watch = new HolderWatch(acks, holders, clock::instant, clock);

    void look(boolean fails) throws Exception {
      if (fails) {
        holders.failNextReport(new LedgerException("no store"));
      }
      try {
        watch.run();
      } catch (RenewalException e) {
        assertThat(e).hasMessage("no store");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void anyEvents_heardOfOrNot_sameReports(long seed) throws Exception {
    Random random = new Random(seed);
    for (int step = 0; step < STEPS; step++) {
      happens(random);
      if (random.nextInt(3) == 0) {
        clock.advance(Duration.ofSeconds(random.nextInt(5) == 0 ? 30 + random.nextInt(60) : 1));
        look(random.nextInt(10) == 0);
      }
    }
    assertThat(lazy.holders.reported()).hasSize(HOLDERS.size());
  }

  private void look(boolean fails) throws Exception {
    open.forEach(who -> eager.acks.sent(who, Map.of())); // nothing is, but it is heard of
    lazy.look(fails);
    eager.look(fails);
    assertThat(lazy.holders.reported()).isEqualTo(eager.holders.reported());
  }

  private void happens(Random random) {
    Holder holder = HOLDERS.get(random.nextInt(HOLDERS.size()));
    Subscriber stream = new Subscriber("" + random.nextInt(2), "node", holder, "tls");
    Wants wants = wants(random);
    switch (random.nextInt(8)) {
      case 0, 1 -> opens(stream);
      case 2 -> closes(stream);
      case 3 -> both(acks -> acks.fetched(holder, wants));
      case 4 -> both(acks -> acks.answered(stream, new Nack(versions(wants), "bad")));
      case 5 -> both(acks -> acks.knows(stream, versions(wants)));
      default -> takes(stream, wants);
    }
  }

  private void opens(Subscriber stream) {
    if (open.add(stream)) {
      both(acks -> acks.opened(stream));
    }
  }

  private void closes(Subscriber stream) {
    if (open.remove(stream)) {
      both(acks -> acks.closed(stream));
    }
  }

  private void takes(Subscriber stream, Wants wants) {
    both(acks -> {
      acks.wants(stream, wants);
      acks.sent(stream, versions(wants));
      acks.answered(stream, new Ack(versions(wants)));
    });
  }

  private void both(Consumer<AckLedger> event) {
    event.accept(lazy.acks);
    event.accept(eager.acks);
  }

  private static Wants wants(Random random) {
    return random.nextBoolean() ? bundle(1 + random.nextInt(3)) : svid(1 + random.nextInt(2));
  }

  private static Wants bundle(long sequence) {
    return new Wants(
        sequence, Map.of("b", Optional.of(new Wanted("b" + sequence, Mark.bundle(sequence)))));
  }

  private static Wants svid(int generation) {
    return new Wants(
        1, Map.of("s", Optional.of(new Wanted("s" + generation, Mark.svid(generation)))));
  }

  private static Map<String, String> versions(Wants wants) {
    return wants.names().entrySet().stream()
        .collect(
            Collectors.toMap(Map.Entry::getKey, each -> each.getValue().orElseThrow().version()));
  }
}
