package io.signet.ca.app;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.delivery.FakeTimer;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.testing.TestClock;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Entries go when their time has come, whatever certificate they are of. */
final class LedgerPruningTest {

  private static final Duration RETENTION = Duration.ofDays(7);
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final TestClock clock = new TestClock();
  private final FakeTimer timer = new FakeTimer(clock);
  private final FakeLedger ledger = new FakeLedger();
  private final List<Instant> pruned = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();
  private final Renewal pruning =
      new Renewal(
          new LedgerPruning(ledger, pruned::add, RETENTION, clock),
          timer,
          clock,
          e -> failures.add(e.getMessage()));

  @Test
  void run_retentionOver_eachGoesByItsOwnEnd() throws Exception {
    record(1, "root", NOW.plus(Duration.ofDays(365)));
    record(2, "issuing", NOW.plus(Duration.ofDays(7)));
    record(3, "leaf", NOW.plus(Duration.ofHours(1)));
    pruning.start();

    timer.advance(Duration.ofHours(1).plus(RETENTION));
    assertThat(entries()).containsExactly("root", "issuing", "leaf");
    timer.advance(MINUTE);
    assertThat(entries()).containsExactly("root", "issuing");
    timer.advance(Duration.ofDays(7));
    assertThat(entries()).containsExactly("root");
    timer.advance(Duration.ofDays(365));
    assertThat(entries()).isEmpty();
  }

  // A part each second, until none is left.
  @Test
  void run_many_partByPart() throws Exception {
    int many = 250;
    for (int i = 1; i <= many; i++) {
      record(i, "leaf", NOW);
    }
    clock.advance(RETENTION.plus(SECOND));
    pruning.start();

    timer.runDue();
    int part = many - entries().size();
    assertThat(part).isBetween(1, many / 2);
    assertThat(pruned).isEmpty();
    timer.runDue();
    assertThat(entries()).hasSize(many - part);
    timer.advance(SECOND);
    assertThat(entries()).hasSize(many - 2 * part);
    timer.advance(SECOND);
    assertThat(entries()).isEmpty();
    assertThat(pruned).containsExactly(clock.instant().minus(RETENTION));
    assertThat(timer.next()).hasValue(MINUTE);
  }

  @Test
  void run_ledgerFails_toldAndTriedAgain() throws Exception {
    record(1, "leaf", NOW);
    clock.advance(RETENTION.plus(SECOND));
    ledger.failNextPrune(new LedgerException("disk full"));
    pruning.start();

    timer.runDue();
    assertThat(failures).containsExactly("disk full");
    assertThat(entries()).hasSize(1);
    timer.advance(SECOND);
    assertThat(entries()).isEmpty();
  }

  private void record(int serial, String profile, Instant notAfter) throws LedgerException {
    ledger.intend(
        new Intent(
            new SerialNumber(BigInteger.valueOf(serial)),
            CART,
            profile,
            "for a test",
            new byte[20],
            new byte[] {0x30, 0},
            notAfter,
            NOW));
  }

  private List<String> entries() {
    return ledger.entries().stream().map(entry -> entry.intent().profile()).toList();
  }
}
