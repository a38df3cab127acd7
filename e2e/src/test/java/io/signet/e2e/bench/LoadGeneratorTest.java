package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class LoadGeneratorTest {

  private static final Duration A_WHILE = Duration.ofMillis(500);

  private static LoadPlan closed(int callers) {
    return new LoadPlan(1, callers, Optional.empty(), Duration.ZERO, A_WHILE);
  }

  private static LoadPlan open(int perSecond) {
    return new LoadPlan(1, 1, Optional.of(new Rate(perSecond)), Duration.ZERO, A_WHILE);
  }

  @Test
  void run_closedLoop_neverMoreCallsThanCallers() {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();

    Tally tally =
        LoadGenerator.run(
            closed(4),
            A_WHILE,
            (_, _, counts) -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              LockSupport.parkNanos(1_000_000);
              now.decrementAndGet();
              counts.succeeded(1_000_000, 10);
            });

    assertThat(most).hasValue(4);
    assertThat(tally.succeeded()).isBetween(4L, 4 * 500L + 4);
    assertThat(tally.meanBytes()).isEqualTo(10);
  }

  @Test
  void run_closedLoop_numbersEachCallOnce() {
    Queue<Long> numbers = new ConcurrentLinkedQueue<>();

    LoadGenerator.Call call =
        (number, _, tally) -> {
          numbers.add(number);
          LockSupport.parkNanos(1_000_000);
          tally.succeeded(1, 1);
        };

    assertThat(LoadGenerator.run(closed(3), A_WHILE, call).succeeded()).isEqualTo(numbers.size());
    assertThat(numbers).doesNotHaveDuplicates();
  }

  @Test
  void run_openLoop_asManyCallsAsTheRateSays() {
    Tally tally =
        LoadGenerator.run(open(200), A_WHILE, (_, _, counts) -> counts.failed("UNAVAILABLE"));

    assertThat(tally.failures()).containsExactlyEntriesOf(java.util.Map.of("UNAVAILABLE", 100L));
    assertThat(tally.succeeded()).isZero();
  }

  @Test
  void run_openLoopAndAServerThatNeverAnswers_openCallsAreBounded() {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();

    Tally tally =
        LoadGenerator.run(
            open(20_000),
            A_WHILE,
            (_, _, counts) -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
              now.decrementAndGet();
              counts.failed("UNAVAILABLE");
            });

    assertThat(most).hasValueLessThanOrEqualTo(5_000);
    assertThat(tally.failures().values().stream().mapToLong(n -> n).sum()).isEqualTo(10_000);
  }

  // Whoever measures from when a call was sent finds one slow call here; there are dozens.
  @Test
  void run_openLoopAndAServerThatStallsOnce_everyCallBehindItCounts() {
    ReentrantLock server = new ReentrantLock(true);
    Tally tally =
        LoadGenerator.run(
            open(200),
            A_WHILE,
            (number, due, counts) -> {
              server.lock();
              try {
                LockSupport.parkNanos(number == 0 ? Duration.ofMillis(300).toNanos() : 1);
              } finally {
                server.unlock();
              }
              counts.succeeded(System.nanoTime() - due, 1);
            });

    assertThat(tally.succeeded()).isEqualTo(100);
    assertThat(tally.millisAt(50)).isGreaterThan(50);
    assertThat(tally.maxMillis()).isGreaterThanOrEqualTo(299);
  }

  @Test
  void runUntil_toldToStop_makesNoFurtherCall() {
    AtomicInteger calls = new AtomicInteger();

    Tally tally =
        LoadGenerator.runUntil(
            () -> calls.get() >= 3,
            new Rate(1_000),
            new LoadGenerator.Call() {
              @Override
              public void make(long number, long startNanos, Tally counts) {
                calls.incrementAndGet();
                counts.succeeded(1, 1);
              }

              @Override
              public void begin(long number, long startNanos, Tally counts, Runnable ended) {
                make(number, startNanos, counts);
                ended.run();
              }
            });

    assertThat(tally.succeeded()).isEqualTo(3);
  }
}
