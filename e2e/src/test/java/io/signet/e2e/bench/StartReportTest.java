package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StartReportTest {

  private static Duration medianOf(Integer... millis) {
    List<Duration> times = Stream.of(millis).map(Duration::ofMillis).toList();
    ProcessUsage none = new ProcessUsage(0, 0, 0);
    return new StartReport.Line("dev", times, none, none).median();
  }

  @Test
  void median_inAnyOrder_theMiddle() {
    assertThat(medianOf(900, 100, 300)).hasMillis(300);
    assertThat(medianOf(100)).hasMillis(100);
    assertThat(medianOf(400, 100)).hasMillis(400);
  }
}
