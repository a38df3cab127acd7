package io.signet.ca.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.testing.TestClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is to stay fresh is made again in time, and after a failure ever less often. */
final class RenewalTest {

  /** What a run does. */
  private interface Run {
    void run() throws RenewalException;
  }

  private final TestClock clock = new TestClock();
  private final FakeTimer timer = new FakeTimer(clock);
  private final List<RenewalException> failures = new ArrayList<>();
  private final Work work = new Work();
  private final Renewal renewal = new Renewal(work, timer, clock, failures::add);

  /** Due again an hour after each run, unless the test says otherwise. */
  private final class Work implements Renewal.Work {
    private Instant due = clock.instant();
    private Run run = () -> due = clock.instant().plus(Duration.ofHours(1));
    private int runs;

    @Override
    public Instant due() {
      return due;
    }

    @Override
    public void run() throws RenewalException {
      runs++;
      run.run();
    }
  }

  @Test
  void start_later_runsThen() {
    work.due = clock.instant().plusSeconds(10);
    renewal.start();
    timer.advance(Duration.ofSeconds(9));
    assertThat(work.runs).isZero();

    timer.advance(Duration.ofSeconds(1));

    assertThat(work.runs).isOne();
  }

  @Test // an issuing authority that is of no use any more is to be replaced now
  void run_alwaysDueNow_runsThoughTimeGoesOnMeanwhile() {
    Renewal.Work always =
        new Renewal.Work() {
          @Override
          public Instant due() {
            clock.advance(Duration.ofNanos(1));
            return clock.instant();
          }

          @Override
          public void run() {
            work.runs++;
          }
        };
    Renewal _ = Renewal.started(always, timer, clock, failures::add);

    timer.advance(Duration.ofSeconds(1));

    assertThat(work.runs).isOne();
  }

  @Test
  void run_succeeds_againWhenDue() {
    renewal.start();
    timer.runDue();
    for (int minute = 1; minute < 60; minute++) {
      timer.advance(Duration.ofMinutes(1));
    }
    assertThat(work.runs).isOne();

    timer.advance(Duration.ofMinutes(1));

    assertThat(work.runs).isEqualTo(2);
  }

  // A timer stands still while the machine is suspended.
  @Test
  void run_clockJumps_withinAMinute() {
    renewal.start();
    timer.runDue();
    assertThat(timer.next()).contains(Duration.ofMinutes(1));

    clock.advance(Duration.ofHours(2));
    timer.runDue();

    assertThat(work.runs).isEqualTo(2);
  }

  // What it made begins in the future now.
  @Test
  void run_clockSetBack_withinAMinuteAndTriedAgainUntilItSucceeds() {
    renewal.start();
    timer.runDue();
    Run succeeds = work.run;
    work.run = RenewalTest::fail;

    timer.setClock(Duration.ofDays(-1));
    timer.advance(Duration.ofMinutes(1));
    assertThat(work.runs).isEqualTo(2);
    timer.advance(Duration.ofSeconds(1));
    assertThat(work.runs).isEqualTo(3);
    work.run = succeeds;
    timer.advance(Duration.ofSeconds(2));
    assertThat(work.runs).isEqualTo(4);

    timer.advance(Duration.ofMinutes(1));
    assertThat(work.runs).isEqualTo(4);
  }

  // As a clock that is a little ahead is made right.
  @Test
  void run_clockSetBackALittle_onlyWhenDue() {
    renewal.start();
    timer.runDue();

    timer.setClock(Duration.ofSeconds(-50));
    timer.advance(Duration.ofMinutes(1));

    assertThat(work.runs).isOne();
  }

  // As an issuing authority whose key was found broken.
  @Test
  void due_becomesNow_runWithinAMinute() {
    renewal.start();
    timer.runDue();

    work.due = clock.instant();
    timer.advance(Duration.ofMinutes(1));

    assertThat(work.runs).isEqualTo(2);
  }

  // ISTIO-96: a rotation that was due later does not follow one that came first.
  @Test
  void due_becomesNow_itsOldTimeIsForgotten() {
    renewal.start();
    timer.runDue();
    work.due = clock.instant();
    for (int minute = 1; minute <= 60; minute++) {
      timer.advance(Duration.ofMinutes(1));
    }
    assertThat(work.runs).isEqualTo(2);

    timer.advance(Duration.ofMinutes(1));

    assertThat(work.runs).isEqualTo(3);
  }

  @Test
  void run_fails_triedAgainAfterOneSecondDoublingToTen() {
    work.run = RenewalTest::fail;
    renewal.start();
    timer.runDue();

    for (int seconds : new int[] {1, 2, 4, 8, 10, 10}) {
      assertThat(timer.next()).contains(Duration.ofSeconds(seconds));
      timer.advance(Duration.ofSeconds(seconds));
    }
    assertThat(failures).hasSize(7);
  }

  @Test
  void run_succeedsAfterFailures_backOffBeginsAnew() {
    Run good = work.run;
    work.run = RenewalTest::fail;
    renewal.start();
    timer.runDue();
    timer.advance(Duration.ofSeconds(1));
    work.run = good;
    timer.advance(Duration.ofSeconds(2));
    assertThat(work.runs).isEqualTo(3);

    work.run = RenewalTest::fail;
    timer.advance(Duration.ofHours(1));

    assertThat(timer.next()).contains(Duration.ofSeconds(1));
  }

  // Neither a bug in the work nor the end of the memory must end the renewal in silence.
  @Test
  void run_throwsUnchecked_toldAndTriedAgain() {
    work.run =
        () -> {
          throw new OutOfMemoryError("thrown by this test");
        };
    renewal.start();
    timer.runDue();

    assertThat(failures)
        .singleElement()
        .satisfies(e ->
            assertThat(e)
                .hasMessageContaining("thrown by this test")
                .hasCauseInstanceOf(OutOfMemoryError.class));
    assertThat(timer.next()).contains(Duration.ofSeconds(1));
  }

  @Test
  void run_listenerThrows_triedAgainAllTheSame() {
    work.run = RenewalTest::fail;
    Renewal deaf =
        new Renewal(
            work,
            timer,
            clock,
            e -> {
              throw new IllegalStateException(e);
            });
    deaf.start();

    assertThatThrownBy(timer::runDue).isInstanceOf(IllegalStateException.class);

    assertThat(timer.next()).contains(Duration.ofSeconds(1));
  }

  // ISTIO-96: already expired. Near the end of an authority half of what is left comes to nothing,
  // and what Istio would ask for again at once waits a second.
  @Test
  void run_dueAgainAtOnce_doesNotSpin() {
    work.run = () -> {};
    renewal.start();
    timer.runDue();

    assertThat(work.runs).isOne();
    assertThat(timer.next()).contains(Duration.ofSeconds(1));
  }

  @Test
  void start_twice_refused() {
    renewal.start();

    assertThatThrownBy(renewal::start).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void close_beforeARun_noneBegins() {
    renewal.start();
    renewal.close();
    timer.advance(Duration.ofSeconds(2));

    assertThat(work.runs).isZero();
    assertThat(timer.next()).isEmpty();
  }

  // The timer may have taken the task when the close comes.
  @Test
  void close_whenTheTaskWasTaken_noneBegins() {
    var taken = new ArrayList<Runnable>();
    Renewal late =
        new Renewal(
            work,
            (_, task) -> {
              taken.add(task);
              return () -> {};
            },
            clock,
            failures::add);
    late.start();
    late.close();

    taken.getFirst().run();

    assertThat(work.runs).isZero();
    assertThat(taken).hasSize(1);
  }

  @Test
  void close_duringARun_noOtherFollows() {
    work.run = renewal::close;
    renewal.start();
    timer.runDue();

    assertThat(work.runs).isOne();
    assertThat(timer.next()).isEmpty();
  }

  private static void fail() throws RenewalException {
    throw new RenewalException("not now", null);
  }
}
