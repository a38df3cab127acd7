package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.signet.e2e.bench.RotationDatabase.Writes;
import io.signet.e2e.bench.RotationFigures.Cpu;
import io.signet.e2e.bench.RotationFigures.Memory;
import io.signet.e2e.bench.RotationFigures.Phase;
import io.signet.e2e.bench.RotationFigures.Pushes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RotationReportTest {

  private static final int MIB = 1024 * 1024;
  private static final Machine MACHINE =
      new Machine(2, "a processor", "a JDK", "0.50", "signet bench rotation");
  private static final RotationPlan PLAN =
      new RotationPlan(
          10,
          SdsApi.DELTA,
          Duration.ofMinutes(3),
          Duration.ofMinutes(1),
          Duration.ofSeconds(30),
          new Rate(20),
          Duration.ofSeconds(10),
          Duration.ofMinutes(5));

  private static Phase phase(String name, int seconds, Tally issuance) {
    return new Phase(
        name,
        Duration.ofSeconds(seconds),
        new Cpu(100, 50, 25, 10),
        new Pushes(3, 4, 0, 7),
        new Writes(Map.of("ledger", 8L, "unfinished", 8L, "holder", 5L), 6, MIB),
        issuance);
  }

  private static Tally issued(int millis) {
    Tally tally = new Tally(0);
    tally.succeeded(millis * 1_000_000L, 1);
    return tally;
  }

  private static RotationFigures figures(Tally last, Map<String, Long> failures) {
    return new RotationFigures(
        PLAN,
        Duration.ofSeconds(2),
        phase("steady", 10, issued(5)),
        List.of(phase("published", 60, issued(10)), phase("activated", 90, last)),
        List.of(new Memory(400 * MIB, 300 * MIB, 200 * MIB), new Memory(4 * MIB, 3 * MIB, MIB)),
        12,
        failures);
  }

  private static RotationReport report(RotationFigures figures) {
    return new RotationReport(MACHINE, "1.50", new OpensslSpeed(20_000, 20_000), figures);
  }

  @Test
  void table_twoPhases_aColumnForEachAndTheirSum() {
    assertThat(report(figures(issued(20), Map.of())).table().lines())
        .anyMatch(line -> line.matches("phase +steady before +published +activated +rotation"))
        .anyMatch(line -> line.matches("time +10.0 s +60.0 s +90.0 s +150.0 s"))
        .anyMatch(line -> line.matches("CPU east +1.00 s +1.00 s +1.00 s +2.00 s"))
        .anyMatch(line -> line.matches("CPU database +0.25 s +0.25 s +0.25 s +0.50 s"))
        .anyMatch(line -> line.matches("ACKs +7 +7 +7 +14"))
        .anyMatch(line -> line.matches(" +max +5.0 ms +10.0 ms +20.0 ms +20.0 ms"))
        .anyMatch(line -> line.matches("WAL +1.0 MiB +1.0 MiB +1.0 MiB +2.0 MiB"))
        .anyMatch(line -> line.matches("resident, most +400.0 MiB +4.0 MiB"))
        .anyMatch(line -> line.matches("openssl 1 sign \\+ 2 verify +150 µs"))
        .anyMatch(line -> line.matches("failures of subscribers +none"));
  }

  @Test
  void table_rowsWritten_forEachSubscriberAndThoseOfTheRotationItself() {
    assertThat(report(figures(issued(20), Map.of())).table().lines())
        .anyMatch(line -> line.matches("holder +10 +1.00"))
        .anyMatch(line -> line.matches("all +42 +4.20"))
        .anyMatch(line -> line.matches("all but of certificates +10 +1.00"));
  }

  @Test
  void table_noCertificateInAPhase_noLatency() {
    assertThat(report(figures(new Tally(0), Map.of())).table().lines())
        .anyMatch(line -> line.matches(" +p50 +5.0 ms +10.0 ms +10.0 ms"));
  }

  @Test
  void isFlawless_aStreamOrACertificateIsLost_not() {
    Tally refused = new Tally(0);
    refused.failed("UNAVAILABLE");

    assertThat(figures(issued(1), Map.of()).isFlawless()).isTrue();
    assertThat(figures(issued(1), Map.of("reset", 1L)).isFlawless()).isFalse();
    assertThat(figures(refused, Map.of()).isFlawless()).isFalse();
  }

  @Test
  void fields_twoPhases_withSteadyAndTheirSum() {
    var fields = report(figures(issued(20), Map.of("reset", 2L))).fields();

    assertThat(fields.get("phases")).asInstanceOf(LIST).hasSize(4);
    assertThat(Json.of(fields))
        .contains(
            "\"cpu-millis-database\" : 250",
            "\"latency-max-millis\"",
            "\"wal-bytes\" : 1048576",
            "\"peak-resident-bytes\" : 419430400",
            "\"reset\" : 2");
  }

  @Test
  void since_rowsOfBefore_onlyWhatWasAdded() {
    Writes before = new Writes(Map.of("ledger", 8L, "crl", 2L), 6, 100);
    Writes now = new Writes(Map.of("ledger", 9L, "crl", 2L, "holder", 1L), 8, 150);

    assertThat(now.since(before)).isEqualTo(new Writes(Map.of("ledger", 1L, "holder", 1L), 2, 50));
  }

  @Test
  void failover_evenNumberOfRuns_theSlowerInTheMiddleAndTheWorst() {
    var report =
        new FailoverReport(
            MACHINE,
            new OpensslSpeed(20_000, 20_000),
            List.of(
                Duration.ofMillis(700),
                Duration.ofMillis(100),
                Duration.ofMillis(1_200),
                Duration.ofMillis(300)));

    assertThat(report.table().lines())
        .anyMatch(line -> line.matches("SIGKILL to another leading, min +100 ms"))
        .anyMatch(line -> line.matches(" +p50 +700 ms"))
        .anyMatch(line -> line.matches(" +max +1,200 ms"));
    assertThat(Json.of(report.fields())).contains("\"failover-p50-millis\" : 700.0");
  }
}
