package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.sds.Timer.Scheduled;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class SystemTimerTest {

  private final SystemTimer timer = new SystemTimer();

  @AfterEach
  void close() {
    timer.close();
  }

  @Test
  @Timeout(60)
  void after_notPositive_runs() throws InterruptedException {
    var ran = new CountDownLatch(2);
    Scheduled _ = timer.after(Duration.ZERO, ran::countDown);
    Scheduled _ = timer.after(Duration.ofDays(-1), ran::countDown);

    ran.await();
  }

  // Each stream has one for the end of its token, hours away: a flood of short streams must leave
  // nothing behind.
  @Test
  void cancel_longBeforeItsTime_nothingIsLeft() {
    for (int i = 0; i < 1_000; i++) {
      timer.after(Duration.ofHours(12), () -> {}).cancel();
    }

    assertThat(timer.waiting()).isZero();
  }
}
