package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.bench.RotationFigures.Memory;
import io.signet.e2e.bench.RotationFigures.Phase;
import io.signet.e2e.peers.Peers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A few subscribers at two real servers on a real PostgreSQL. */
@Tag("e2e")
class RotationRunTest {

  private static final int SUBSCRIBERS = 21;

  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void requirePeers() {
    var _ = Peers.require("softhsm");
  }

  private static RotationPlan plan(SdsApi api) {
    return new RotationPlan(
        SUBSCRIBERS,
        api,
        Duration.ofSeconds(20),
        Duration.ofSeconds(10),
        Duration.ofSeconds(2),
        new Rate(5),
        Duration.ofSeconds(1),
        Duration.ofMinutes(5));
  }

  @ParameterizedTest
  @EnumSource
  void measure_someSubscribers_allHaveTheNewRootAndNobodyLosesAnything(SdsApi api)
      throws Exception {
    List<String> news = new ArrayList<>();
    RotationFigures figures =
        new RotationRun(plan(api), news::add, Clock.systemUTC()).measure(ProgramOfTests.in(folder));

    assertThat(figures.isFlawless()).as(figures.failures().toString()).isTrue();
    assertThat(figures.phases())
        .extracting(Phase::name)
        .containsExactly(
            "starting", "prepared", "published", "activated", "retiring", "destroying");
    Phase rotation = figures.rotation();
    assertThat(rotation.pushes().svids()).isGreaterThanOrEqualTo(SUBSCRIBERS);
    assertThat(rotation.pushes().bundles()).isEqualTo(2 * SUBSCRIBERS); // one more root, one less
    assertThat(rotation.pushes().unchanged()).isZero();
    assertThat(rotation.issuance().succeeded()).isPositive();
    assertThat(rotation.writes().rows()).containsKeys("ledger", "holder", "rotation_journal");
    assertThat(rotation.writes().walBytes()).isPositive();
    assertThat(figures.verified()).isPositive();
    assertThat(figures.memory()).hasSize(2).extracting(Memory::liveHeap).allMatch(n -> n > 0);
    assertThat(news).hasSize(7).first().isEqualTo("21 subscribers are ready");
  }

  @Test
  void failover_twice_eachTimeTheOtherOneLeads() throws Exception {
    List<String> news = new ArrayList<>();

    assertThat(new FailoverRun(2, news::add).measure(ProgramOfTests.in(folder)))
        .hasSize(2)
        .allMatch(Duration::isPositive);
    assertThat(news).hasSize(2);
  }
}
