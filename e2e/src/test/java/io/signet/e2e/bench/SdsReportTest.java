package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SdsReportTest {

  private static final int KIB = 1024;
  private static final ServerMemory WITHOUT = new ServerMemory(100 * KIB, 200 * KIB, 300 * KIB);
  private static final ServerMemory WITH = new ServerMemory(180 * KIB, 320 * KIB, 460 * KIB);

  private static SdsFigures figures(
      Optional<SdsFigures.Change> change, Map<String, Long> failures) {
    var up =
        new SdsFigures.ComingUp(
            4, 4, Optional.of(Duration.ofMillis(1500)), Optional.empty(), 4_000, 1_000_000, 8, 0);
    return new SdsFigures(
        5, up, new SdsFigures.Memory(WITHOUT, WITH, 5), Optional.empty(), change, 1, failures);
  }

  private static SdsReport report(SdsFigures... figures) {
    return new SdsReport(
        new Machine(2, "a processor", "a JDK", "0.50", "signet bench sds"), List.of(figures));
  }

  @Test
  void table_someThatNeverCame_saysNeverAndWhy() {
    assertThat(report(figures(Optional.empty(), Map.of("refused", 2L))).table().lines())
        .contains(
            "proxies                   5",
            "99 % ready after          1.50 s",
            "all ready after           never",
            "server CPU/push           500 µs",
            "failures                  {refused=2}")
        .noneMatch(line -> line.contains("bundle change") || line.contains("renewals"));
  }

  @Test
  void table_memory_whatEachProxyAdds() {
    assertThat(report(figures(Optional.empty(), Map.of())).table().lines())
        .contains(
            "resident/proxy            32.0 KiB",
            "  heap, resident          24.0 KiB",
            "  heap, live              16.0 KiB",
            "  all but heap            8.0 KiB");
  }

  @Test
  void table_aChangeInOneOfTwoRuns_itsColumnOnly() {
    var change =
        new SdsFigures.Change(
            Duration.ofMillis(1200), Duration.ofMillis(300), Duration.ofMillis(1250), 5, 0, 0, 50);
    SdsReport report =
        report(figures(Optional.empty(), Map.of()), figures(Optional.of(change), Map.of()));

    assertThat(report.table().lines())
        .anyMatch(line -> line.matches("bundle change to last ACK +1.20 s"))
        .anyMatch(line -> line.matches(" +server CPU/push +10 µs"));
  }

  @Test
  void fields_twoRuns_oneEntryForEach() {
    SdsReport report =
        report(figures(Optional.empty(), Map.of()), figures(Optional.empty(), Map.of()));

    assertThat(report.fields().get("runs")).asInstanceOf(LIST).hasSize(2);
    assertThat(Json.of(report.fields()))
        .contains("\"ready-99-percent-millis\" : 1500.0", "\"resident-bytes-for-each\" : 32768.0")
        .doesNotContain("ready-all-millis");
  }
}
