package io.signet.attestation.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CallLimitTest {

  private static final Duration NONE = Duration.ZERO;
  private static final Duration AMPLE = Duration.ofSeconds(60);

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);

  @Test
  void enter_asManyAsPlaces_thenNoneUntilOneLeaves() throws Exception {
    CallLimit limit = places(2, 0);
    assertThat(limit.enter(NONE)).isTrue();
    assertThat(limit.enter(NONE)).isTrue();
    assertThat(limit.enter(AMPLE)).as("nobody may wait").isFalse();

    limit.leave();
    assertThat(limit.enter(NONE)).isTrue();
  }

  @Test
  void enter_waitsWhileOthersMayNot_untilOneLeaves() throws Exception {
    CallLimit limit = places(1, 1);
    assertThat(limit.enter(NONE)).isTrue();
    var waiting = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var second =
          threads.submit(() -> {
            waiting.countDown();
            return limit.enter(AMPLE);
          });
      waiting.await();
      limit.leave();
      assertThat(second.get()).isTrue();
    }
    assertThat(limit.enter(NONE)).as("patience is at its end").isFalse();
  }

  // K8S-26: a burst of one second's worth, then one each tenth of a second.
  @Test
  void enter_tenASecond_burstOfTenThenInTurn() throws Exception {
    CallLimit limit = rate(10);
    for (int i = 0; i < 10; i++) {
      assertThat(limit.enter(NONE)).as("number %d", i).isTrue();
    }
    assertThat(limit.enter(Duration.ofMillis(99))).isFalse();

    nanos.addAndGet(Duration.ofMillis(100).toNanos());
    assertThat(limit.enter(NONE)).isTrue();
    assertThat(limit.enter(NONE)).isFalse();

    nanos.addAndGet(Duration.ofHours(1).toNanos());
    for (int i = 0; i < 10; i++) {
      assertThat(limit.enter(NONE)).as("number %d after an hour", i).isTrue();
    }
    assertThat(limit.enter(NONE)).isFalse();
  }

  @Test
  void enter_aTurnWithinPatience_waitsForIt() throws Exception {
    CallLimit limit = rate(1_000);
    for (int i = 0; i < 1_000; i++) {
      assertThat(limit.enter(NONE)).isTrue();
    }
    assertThat(limit.enter(AMPLE)).isTrue();
    assertThat(limit.enter(NONE)).isFalse();
  }

  private CallLimit places(int atOnce, int waiting) {
    return new CallLimit(atOnce, waiting, OptionalInt.empty(), nanos::get);
  }

  private CallLimit rate(int perSecond) {
    return new CallLimit(Integer.MAX_VALUE, 0, OptionalInt.of(perSecond), nanos::get);
  }
}
