package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ProcessUsageTest {

  // proc(5): fields 14 and 15 are utime and stime.
  private static final String STAT =
      "4711 (a) name (b)) S 1 4711 4711 0 -1 4194304 100 0 0 0 250 50 7 8 20 0 30 0 999 1 2\n";

  @Test
  void cpuTicks_nameWithParentheses_userAndSystemTogether() {
    assertThat(ProcessUsage.cpuTicks(STAT)).isEqualTo(300);
  }

  @Test
  void cpuTicksOfEnded_ofTheChildrenOnly() {
    assertThat(ProcessUsage.cpuTicksOfEnded(STAT)).isEqualTo(15);
  }

  @Test
  void cpuTicksOfAll_thisProcess_atLeastItsOwn() throws BenchException {
    long pid = ProcessHandle.current().pid();
    long own = ProcessUsage.of(pid).cpuTicks();

    assertThat(ProcessUsage.cpuTicksOfAll(pid)).isGreaterThanOrEqualTo(own);
    assertThat(ProcessUsage.peakResidentBytes(pid)).isPositive();
  }

  @Test
  void residentBytes_statusInKibibytes_bytes() {
    assertThat(ProcessUsage.residentBytes("Name:\tjava\nVmHWM:\t  999 kB\nVmRSS:\t  128 kB\n"))
        .isEqualTo(128 * 1024);
  }

  @Test
  void cpuMicrosSince_ticksOfAHundredthSecond() {
    assertThat(new ProcessUsage(350, 0, 1).cpuMicrosSince(new ProcessUsage(300, 0, 1)))
        .isEqualTo(5e5);
  }

  @Test
  void of_thisProcess_usesSomething() throws BenchException {
    ProcessUsage usage = ProcessUsage.of(ProcessHandle.current().pid());

    assertThat(usage.cpuTicks()).isPositive();
    assertThat(usage.residentMebibytes()).isGreaterThan(1);
  }

  @Test
  void of_noSuchProcess_refused() {
    assertThatThrownBy(() -> ProcessUsage.of(-1)).isInstanceOf(BenchException.class);
  }
}
