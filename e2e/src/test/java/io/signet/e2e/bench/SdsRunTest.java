package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A few proxies at a real server. */
class SdsRunTest {

  private static final int PROXIES = 20;
  private static final int BURST = 1_000;

  @TempDir private Path folder = Path.of("");

  private static SdsPlan plan(boolean tls, Optional<Duration> renewals) {
    return new SdsPlan(
        1,
        tls,
        new ProxyFleet.Pace(BURST, Optional.empty()),
        Duration.ofHours(1),
        "ROOTCA",
        renewals,
        new Rate(20));
  }

  // SDS-4: nothing is sent twice; EF-1: a stream for each secret.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void measure_someProxies_eachHasItsOwnSvidAndTheBundleByOnePushOfEach(boolean tls)
      throws Exception {
    SdsFigures figures =
        new SdsRun(plan(tls, Optional.empty()), PROXIES).measure(ProgramOfTests.in(folder));

    assertThat(figures.comingUp().ready()).isEqualTo(PROXIES);
    assertThat(figures.comingUp().differentSvids()).isEqualTo(PROXIES);
    assertThat(figures.comingUp().pushes()).isEqualTo(2 * PROXIES);
    assertThat(figures.comingUp().unchanged()).isZero();
    assertThat(figures.comingUp().all()).isPresent();
    assertThat(figures.verified()).isEqualTo(1);
    assertThat(figures.failures()).isEmpty();
    assertThat(figures.change()).isEmpty();
  }

  @Test
  void measure_renewalsWatchedThatAreNotDue_noneAndNewcomersHaveTheirs() throws Exception {
    Duration watched = Duration.ofSeconds(1);
    SdsFigures figures =
        new SdsRun(plan(false, Optional.of(watched)), 1).measure(ProgramOfTests.in(folder));

    assertThat(figures.renewals())
        .hasValueSatisfying(renewals -> {
          assertThat(renewals.renewals()).isZero();
          assertThat(renewals.newcomers().succeeded()).isEqualTo(20);
        });
    assertThat(figures.failures()).isEmpty();
  }
}
