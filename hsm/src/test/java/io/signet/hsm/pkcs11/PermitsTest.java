package io.signet.hsm.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class PermitsTest {

  private final Permits permits =
      new Permits(
          new Pkcs11Settings(Path.of("/lib/p11.so"), "signet", Optional.empty(), 1, Duration.ZERO));

  // KC-4
  @Test
  void with_noneFree_busy() throws Exception {
    String answer =
        permits.with(() -> {
          assertThatThrownBy(() -> permits.with(() -> "second"))
              .isInstanceOfSatisfying(
                  CustodyException.class, e -> assertThat(e.fault()).isEqualTo(Fault.BUSY))
              .hasMessageContaining("1 calls");
          return "first";
        });

    assertThat(answer).isEqualTo("first");
  }

  @Test
  void with_afterFailure_permitIsFreeAgain() throws Exception {
    CustodyException failure = new CustodyException(Fault.LOST, "gone");
    assertThatThrownBy(() ->
            permits.with(() -> {
              throw failure;
            }))
        .isSameAs(failure);

    assertThat(permits.<String>with(() -> "next")).isEqualTo("next");
  }

  @Test
  void with_interrupted_busyAndStaysInterrupted() {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> permits.with(() -> "never"))
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).isEqualTo(Fault.BUSY));

    assertThat(Thread.interrupted()).isTrue();
  }
}
