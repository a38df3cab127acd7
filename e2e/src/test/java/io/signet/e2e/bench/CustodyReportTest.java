package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.e2e.bench.CustodyFigures.Recovery;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CustodyReportTest {

  private static final List<String> MEASURED =
      List.of(
          "speed\tfile\tsignet\t1\t100\t1.5\t9",
          "speed\tfile\tJCA sign\t1\t400\tNaN\tNaN",
          "speed\tfile\tsignet\t1\t90\t1.7\t8",
          "speed\tfile\tJCA sign\t1\t180\tNaN\tNaN",
          "speed\tfile\tsignet\t1\t30\t5\t7",
          "speed\tfile\tJCA sign\t1\t60\tNaN\tNaN",
          "recovery\tpkcs11\tsessions closed\t3000000\t1000000\t2000000");

  private static CustodyReport report() throws BenchException {
    return new CustodyReport(
        new Machine(2, "a processor", "a JDK", "0.50", "signet bench custody"),
        "0.75",
        new OpensslSpeed(40_000, 15_000),
        CustodyFigures.parse(MEASURED));
  }

  // A machine that gets slower does so for both: the ratio is that of one round.
  @Test
  void lines_roundsOfAMachineThatGetsSlower_mediansAndRatioWithinARound() throws Exception {
    assertThat(report().lines())
        .containsExactly(
            new CustodyReport.Line("file", "signet", 1, 90, 1.7, 8, 1),
            new CustodyReport.Line("file", "JCA sign", 1, 180, Double.NaN, Double.NaN, 0.5));
  }

  @Test
  void median_runsInAnyOrder_theMiddle() throws Exception {
    Recovery recovery = CustodyFigures.parse(MEASURED).recoveries().getFirst();

    assertThat(recovery.median()).isEqualTo(Duration.ofMillis(2));
    assertThat(recovery.times().getLast()).isEqualTo(Duration.ofMillis(3));
  }

  @Test
  void table_allOfIt_says() throws Exception {
    assertThat(report().table())
        .contains("0.75 (1 minute)", "40,000/s", "JCA sign", "0.50", "sessions closed");
  }

  @Test
  void parse_unknownLine_failed() {
    assertThatThrownBy(() -> CustodyFigures.parse(List.of("speeed\tfile")))
        .isInstanceOf(BenchException.class)
        .hasMessageContaining("speeed");
  }
}
