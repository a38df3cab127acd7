package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TallyTest {

  private final Tally tally = new Tally(0);

  @Test
  void millisAt_hundredValues_eachAtItsPercentile() {
    for (int millis = 1; millis <= 100; millis++) {
      tally.succeeded(TimeUnit.MILLISECONDS.toNanos(millis), 100);
    }

    assertThat(tally.millisAt(50)).isCloseTo(50, within(0.1));
    assertThat(tally.millisAt(99)).isCloseTo(99, within(0.1));
    assertThat(tally.maxMillis()).isCloseTo(100, within(0.1));
    assertThat(tally.meanBytes()).isEqualTo(100);
  }

  @Test
  void perSecond_failuresToo_onlySuccessCounts() {
    for (int i = 0; i < 10; i++) {
      tally.succeeded(1, 1);
      tally.failed("INTERNAL");
    }

    assertThat(tally.ended(TimeUnit.SECONDS.toNanos(2)).perSecond()).isEqualTo(5);
    assertThat(tally.failures()).containsEntry("INTERNAL", 10L);
  }

  @Test
  void failed_withItsTime_countsAsACallAndNotInTheLatencies() {
    tally.succeeded(TimeUnit.MILLISECONDS.toNanos(5), 1);
    tally.failed("UNAVAILABLE", TimeUnit.MILLISECONDS.toNanos(1));
    Tally ended = tally.ended(TimeUnit.SECONDS.toNanos(2));

    assertThat(ended.callsPerSecond()).isEqualTo(1);
    assertThat(ended.refusedMillisAt(100)).isCloseTo(1, within(0.1));
    assertThat(ended.millisAt(1)).isCloseTo(5, within(0.1));
  }

  @Test
  void and_two_bothCountAndTheirLatencies() {
    tally.succeeded(TimeUnit.MILLISECONDS.toNanos(5), 10);
    tally.failed("INTERNAL");
    Tally other = new Tally(5);
    other.succeeded(TimeUnit.MILLISECONDS.toNanos(50), 30);
    other.failed("INTERNAL", 1);

    Tally both = tally.and(other.ended(TimeUnit.SECONDS.toNanos(4)));

    assertThat(both.succeeded()).isEqualTo(2);
    assertThat(both.meanBytes()).isEqualTo(20);
    assertThat(both.failures()).containsEntry("INTERNAL", 2L);
    assertThat(both.maxMillis()).isCloseTo(50, within(0.1));
    assertThat(both.perSecond()).isCloseTo(0.5, within(0.01));
  }

  @Test
  void succeeded_longerThanTheHistogram_keptAtItsEnd() {
    tally.succeeded(TimeUnit.HOURS.toNanos(1), 1);

    assertThat(tally.maxMillis()).isCloseTo(600_000, within(1_000.0));
  }
}
