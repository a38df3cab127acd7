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

  private final TestClock clock = new TestClock();
  private final FakeTimer timer = new FakeTimer(clock);
  private final List<RenewalException> failures = new ArrayList<>();
  private final Renewal renewal = new Renewal(this::work, timer, clock, failures::add);
  private Renewal.Work next = () -> clock.instant().plus(Duration.ofHours(1));
  private int runs;

  private Instant work() throws RenewalException {
    runs++;
    return next.run();
  }

  @Test
  void start_later_runsThen() {
    renewal.start(clock.instant().plusSeconds(10));
    timer.advance(Duration.ofSeconds(9));
    assertThat(runs).isZero();

    timer.advance(Duration.ofSeconds(1));

    assertThat(runs).isOne();
    assertThat(timer.next()).contains(Duration.ofHours(1));
  }

  @Test
  void run_fails_triedAgainAfterOneSecondDoublingToAMinute() {
    next = this::fail;
    renewal.start(clock.instant());
    timer.runDue();

    for (int seconds : new int[] {1, 2, 4, 8, 16, 32, 60, 60}) {
      assertThat(timer.next()).contains(Duration.ofSeconds(seconds));
      timer.advance(Duration.ofSeconds(seconds));
    }
    assertThat(failures).hasSize(9);
  }

  @Test
  void run_succeedsAfterFailures_backOffBeginsAnew() {
    Renewal.Work good = next;
    next = this::fail;
    renewal.start(clock.instant());
    timer.runDue();
    timer.advance(Duration.ofSeconds(1));
    next = good;
    timer.advance(Duration.ofSeconds(2));
    assertThat(timer.next()).contains(Duration.ofHours(1));

    next = this::fail;
    timer.advance(Duration.ofHours(1));

    assertThat(timer.next()).contains(Duration.ofSeconds(1));
  }

  // A bug in the work must not end the renewal in silence.
  @Test
  void run_throwsUnchecked_toldAndTriedAgain() {
    next =
        () -> {
          throw new IllegalStateException("bug");
        };
    renewal.start(clock.instant());
    timer.runDue();

    assertThat(failures)
        .singleElement()
        .satisfies(e ->
            assertThat(e)
                .hasMessageContaining("bug")
                .hasCauseInstanceOf(IllegalStateException.class));
    assertThat(timer.next()).contains(Duration.ofSeconds(1));
  }

  @Test
  void run_listenerThrows_triedAgainAllTheSame() {
    Renewal deaf =
        new Renewal(
            this::fail,
            timer,
            clock,
            e -> {
              throw new IllegalStateException(e);
            });
    deaf.start(clock.instant());

    assertThatThrownBy(timer::runDue).isInstanceOf(IllegalStateException.class);

    assertThat(timer.next()).contains(Duration.ofSeconds(1));
  }

  // Near the end of an authority half of what is left comes to nothing.
  @Test
  void run_dueAgainAtOnce_doesNotSpin() {
    next = clock::instant;
    renewal.start(clock.instant());
    timer.runDue();

    assertThat(runs).isOne();
    assertThat(timer.next()).contains(Duration.ofSeconds(1));
  }

  @Test
  void start_twice_refused() {
    renewal.start(clock.instant());

    assertThatThrownBy(() -> renewal.start(clock.instant()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void close_beforeARun_noneBegins() {
    renewal.start(clock.instant().plusSeconds(1));
    renewal.close();
    timer.advance(Duration.ofSeconds(2));

    assertThat(runs).isZero();
    assertThat(timer.next()).isEmpty();
  }

  @Test
  void close_duringARun_noOtherFollows() {
    next =
        () -> {
          renewal.close();
          return clock.instant();
        };
    renewal.start(clock.instant());
    timer.runDue();

    assertThat(runs).isOne();
    assertThat(timer.next()).isEmpty();
  }

  private Instant fail() throws RenewalException {
    throw new RenewalException("not now", null);
  }
}
