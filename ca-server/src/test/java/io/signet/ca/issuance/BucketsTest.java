package io.signet.ca.issuance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RATE-2: how many are let through, of each key by itself. */
final class BucketsTest {
  private long now = Long.MAX_VALUE - 5; // the source of time may wrap
  private final Buckets buckets = new Buckets(new RateLimit(10, 3), () -> now);

  @Test
  void take_atOnce_asManyAsTheBurst() {
    assertThat(taken(10, "a")).isEqualTo(3);
  }

  @Test
  void take_emptied_oneForEachInterval() {
    assertThat(taken(3, "a")).isEqualTo(3);

    pass(Duration.ofMillis(99));
    assertThat(taken(1, "a")).isZero();
    pass(Duration.ofMillis(1));
    assertThat(taken(2, "a")).isOne();
    pass(Duration.ofMillis(200));
    assertThat(taken(3, "a")).isEqualTo(2);
  }

  // Whoever is refused does not pay for it: a loop gets its rate, and no less.
  @Test
  void take_refusedMeanwhile_stillTheRate() {
    assertThat(taken(1000, "a")).isEqualTo(3);

    pass(Duration.ofMillis(100));
    assertThat(taken(1000, "a")).isOne();
  }

  @Test
  void take_restedForLong_theBurstAndNoMore() {
    assertThat(taken(3, "a")).isEqualTo(3);

    pass(Duration.ofDays(300));
    assertThat(taken(10, "a")).isEqualTo(3);
  }

  @Test
  void take_anotherKey_bucketOfItsOwn() {
    assertThat(taken(10, "a")).isEqualTo(3);
    assertThat(taken(10, "b")).isEqualTo(3);
  }

  @Test
  void take_hundredThousandsOfKeys_boundedMemory() {
    IntStream.range(0, 3 * Buckets.MOST).forEach(i -> assertThat(buckets.take("k" + i)).isTrue());

    assertThat(buckets.size()).isBetween(Buckets.MOST / 2L, (long) Buckets.MOST);
  }

  // A full bucket is as good as none.
  @Test
  void take_bucketsFullAgain_forgotten() {
    IntStream.range(0, 1000).forEach(i -> assertThat(buckets.take("k" + i)).isTrue());
    pass(Duration.ofMillis(300));

    IntStream.range(0, 1000).forEach(i -> assertThat(buckets.take("other" + i)).isTrue());

    assertThat(buckets.size()).isLessThanOrEqualTo(1000);
  }

  @Test
  void take_fromManyThreads_noMoreThanTheBurst() {
    long passed = IntStream.range(0, 10_000).parallel().filter(_ -> buckets.take("a")).count();

    assertThat(passed).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 0", "-1, 1"})
  void limit_notPositive_refused(int perSecond, int burst) {
    assertThatThrownBy(() -> new RateLimit(perSecond, burst))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rate limit: %d/s burst %d (expected: each at least 1)", perSecond, burst);
  }

  private long taken(int times, String key) {
    return IntStream.range(0, times).filter(_ -> buckets.take(key)).count();
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }
}
