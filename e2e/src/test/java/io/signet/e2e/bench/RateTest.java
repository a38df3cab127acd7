package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateTest {

  @Test
  void parse_withAndWithoutUnit_same() {
    assertThat(Rate.parse("500/s")).isEqualTo(Rate.parse("500")).isEqualTo(new Rate(500));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "0/s", "-1/s", "1.5/s", "500/m", "1000001", "99999999999"})
  void parse_otherText_refused(String text) {
    assertThatThrownBy(() -> Rate.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected");
  }

  @Test
  void dueNanos_rateThatDoesNotDivideASecond_doesNotDrift() {
    Rate rate = new Rate(3);

    assertThat(rate.dueNanos(0)).isZero();
    assertThat(rate.dueNanos(1)).isEqualTo(333_333_333);
    assertThat(rate.dueNanos(3)).isEqualTo(1_000_000_000);
    assertThat(rate.dueNanos(3 * 86_400)).isEqualTo(86_400_000_000_000L);
  }
}
