package io.signet.ca.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MetricsTest {

  @Test
  void scrape_provider_namedWithItsPart() {
    try (var metrics = new Metrics()) {
      metrics.provider("tls", "BoringSSL");

      assertThat(metrics.scrape())
          .contains("signet_crypto_provider{of=\"tls\",provider=\"BoringSSL\"} 1");
    }
  }
}
