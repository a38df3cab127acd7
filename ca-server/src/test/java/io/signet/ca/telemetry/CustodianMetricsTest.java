package io.signet.ca.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.testing.TestClock;
import io.signet.hsm.CustodianEvent.Failed;
import io.signet.hsm.CustodianEvent.Signed;
import io.signet.hsm.CustodianEvent.Waited;
import io.signet.hsm.CustodianStatus;
import io.signet.hsm.CustodianStatus.Load;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** KC-8: signatures, errors by class, latency, wait, permits and lease, as they are scraped. */
final class CustodianMetricsTest {

  @AutoClose private final Metrics metrics = new Metrics();
  private final TestClock clock = new TestClock();
  private final FakeKeyCustodian custodian = new FakeKeyCustodian();

  @Test
  void happened_calls_countedAndTimed() {
    var told = new CustodianMetrics(metrics.registry(), "pkcs11");
    told.happened(new Waited(Duration.ofMillis(500)));
    told.happened(new Signed(Duration.ofMillis(750)));
    told.happened(new Failed(new CustodyException(Fault.BROKEN, "no")));

    assertThat(metrics.scrape())
        .contains("signet_custodian_signature_seconds_count{custodian=\"pkcs11\"} 1\n")
        .contains("signet_custodian_signature_seconds_sum{custodian=\"pkcs11\"} 0.75\n")
        .contains("signet_custodian_signature_seconds_bucket{custodian=\"pkcs11\",le=\"1.0\"} 1\n")
        .contains("signet_custodian_wait_seconds_sum{custodian=\"pkcs11\"} 0.5\n")
        .contains("signet_custodian_errors_total{custodian=\"pkcs11\",fault=\"broken\"} 1.0\n")
        .contains("signet_custodian_errors_total{custodian=\"pkcs11\",fault=\"busy\"} 0.0\n");
  }

  @Test
  void bind_device_permitsAndLeaseAsTheyAre() {
    status(new Load(4, 4, 0, 0), clock.instant());
    CustodianMetrics.bind(metrics.registry(), clock, custodian);
    status(new Load(4, 1, 2, 3), clock.instant().plusSeconds(90));

    assertThat(metrics.scrape())
        .contains("signet_custodian_permits_free 1.0\n")
        .contains("signet_custodian_waiting 2.0\n")
        .contains("signet_custodian_given_up 3.0\n")
        .contains("signet_custodian_lease_seconds 90.0\n");
  }

  @Test
  void all_inOperations_named() throws IOException {
    var _ = new CustodianMetrics(metrics.registry(), "pkcs11");
    status(new Load(4, 4, 0, 0), Instant.MAX);
    CustodianMetrics.bind(metrics.registry(), clock, custodian);

    assertThat(metrics.scrape().lines().filter(line -> line.startsWith("# TYPE signet_custodian")))
        .map(line -> line.split(" ")[2].replaceFirst("_max$", ""))
        .hasSizeGreaterThan(5)
        .allSatisfy(name ->
            assertThat(Path.of("..", "docs", "operations.md")).content().contains("`" + name));
  }

  @Test
  void bind_leaseWithoutEnd_infinite() {
    status(new Load(4, 4, 0, 0), Instant.MAX);
    CustodianMetrics.bind(metrics.registry(), clock, custodian);

    assertThat(metrics.scrape()).contains("signet_custodian_lease_seconds +Inf\n");
  }

  @Test
  void bind_keysInThisProcess_nothingToRead() {
    CustodianMetrics.bind(metrics.registry(), clock, custodian);

    assertThat(metrics.scrape()).doesNotContain("signet_custodian");
  }

  private void status(Load load, Instant leaseEnds) {
    custodian.says(new CustodianStatus(Optional.of(load), Optional.of(leaseEnds)));
  }
}
