package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class OpensslSpeedTest {

  private static final String PRINTED =
      """
      version: 3.0.19
      built on: Tue Jan 27 12:00:00 2026 UTC
      options: bn(64,64)
                                    sign    verify    sign/s verify/s
       256 bits ecdsa (nistp256)   0.0000s   0.0001s  50000.0  20000.0
      """;

  @Test
  void parse_asOpensslPrints_bothRates() throws BenchException {
    assertThat(OpensslSpeed.parse(PRINTED)).isEqualTo(new OpensslSpeed(50_000, 20_000));
  }

  @Test
  void parse_noRates_refused() {
    assertThatThrownBy(() -> OpensslSpeed.parse("speed: Unknown algorithm"))
        .isInstanceOf(BenchException.class);
  }

  @Test
  void microsPerCertificate_oneSignatureAndTwoVerifications() {
    assertThat(new OpensslSpeed(50_000, 20_000).microsPerCertificate())
        .isCloseTo(20 + 2 * 50, within(1e-9));
  }
}
