package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ServerMemoryTest {

  private static final String HEAP_INFO =
      """
      4711:
      garbage-first heap   total reserved 393216K, committed 32768K, used 2683K \
      [0x00000000e8000000, 0x0000000100000000)
      """;
  private static final String STATUS = "VmRSS:\t  90000 kB\nRssAnon:\t   50000 kB\n";
  private static final String SMAPS =
      """
      e7000000-e8000000 rw-p 00000000 00:00 0
      Rss:               9999 kB
      e8000000-ea000000 rw-p 00000000 00:00 0
      Rss:               19072 kB
      Anonymous:         19072 kB
      ec000000-100000000 ---p 00000000 00:00 0
      Rss:               28 kB
      7f0000000000-7f0000001000 rw-p 00000000 00:00 0
      Rss:               4 kB
      """;

  @Test
  void of_aCollectedJvm_heapByItsPlaceAndTheRest() throws Exception {
    ServerMemory memory = ServerMemory.of(HEAP_INFO, STATUS, SMAPS);

    assertThat(memory).isEqualTo(new ServerMemory(2683 * 1024, 19100 * 1024, 50000 * 1024));
    assertThat(memory.otherBytes()).isEqualTo(30900 * 1024);
  }

  @Test
  void of_anotherCollector_refused() {
    assertThatThrownBy(() -> ServerMemory.of("def new generation", STATUS, SMAPS))
        .isInstanceOf(BenchException.class)
        .hasMessageContaining("heap_info");
  }
}
