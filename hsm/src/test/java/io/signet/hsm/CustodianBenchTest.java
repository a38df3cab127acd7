package io.signet.hsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodianBench.Row;
import io.signet.hsm.soft.QuickFileKeys;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With keys in files, whose custodian gives up when it is interrupted. */
final class CustodianBenchTest {

  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(7), ZoneOffset.UTC);
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final KeyLabel ITS_KEY = new KeyLabel("bench-7");

  @TempDir private Path home;
  @AutoClose private KeyCustodian custodian;
  private CustodianBench bench;

  @BeforeEach
  void open() throws Exception {
    custodian = QuickFileKeys.open(home.resolve("keys"));
    bench = new CustodianBench(custodian, KeyAlgorithm.EC_P256, CLOCK);
  }

  @Test
  void measured_rows_oneForEachAndNoKeyIsLeft() throws Exception {
    List<Row> rows = bench.measured(List.of(1, 2), Duration.ofMillis(50));

    assertThat(rows).extracting(Row::callers).containsExactly(1, 2);
    assertThat(custodian.find(ITS_KEY)).isEmpty();
  }

  // Before anything: the key is not even half made.
  @Test
  void measured_interruptedBefore_noKeyIsLeft() throws Exception {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> bench.measured(List.of(1), LONG))
        .isInstanceOf(InterruptedException.class);

    assertThat(Thread.interrupted()).isFalse();
    assertThat(custodian.find(ITS_KEY)).isEmpty();
  }

  @Test
  void measured_interruptedAgainAndAgain_endsAndNoKeyIsLeft() throws Exception {
    Thread measuring = Thread.ofPlatform().start(this::measureLong);
    while (custodian.find(ITS_KEY).isEmpty()) {
      LockSupport.parkNanos(1_000_000);
    }

    while (measuring.isAlive()) {
      measuring.interrupt();
      LockSupport.parkNanos(100_000);
    }

    assertThat(custodian.find(ITS_KEY)).isEmpty();
  }

  private void measureLong() {
    try {
      List<Row> _ = bench.measured(List.of(4), LONG);
    } catch (InterruptedException | CustodyException e) {
      // What is left is what counts.
    }
  }
}
