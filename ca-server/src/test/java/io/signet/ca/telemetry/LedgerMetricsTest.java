package io.signet.ca.telemetry;

import static io.signet.ca.ledger.IssuanceLedgerContract.intent;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.testing.TestClock;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class LedgerMetricsTest {

  // ISS-8
  @Test
  void unknown_certificatesOfAnEarlierRun_untilTheyEnd() throws Exception {
    TestClock clock = new TestClock();
    FakeLedger ledger = new FakeLedger();
    ledger.intend(intent(new SerialNumber(BigInteger.ONE)));
    var _ = ledger.reconcile();
    ledger.intend(intent(new SerialNumber(BigInteger.TWO)));

    try (Metrics metrics = new Metrics()) {
      LedgerMetrics.bind(metrics.registry(), clock, ledger);

      assertThat(metrics.scrape()).contains("signet_ledger_unknown 1.0\n");
      clock.advance(Duration.ofHours(2));
      assertThat(metrics.scrape()).contains("signet_ledger_unknown 0.0\n");
    }
  }
}
