package io.signet.hsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodianStatus.Load;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class PermitsTest {

  private static final Duration FOR_EVER = Duration.ofDays(1);

  private final List<String> told = new ArrayList<>();
  private final Permits permits =
      new Permits("token", 1, 1, Duration.ZERO, event -> told.add(Told.of(event)));

  // KC-4
  @Test
  void with_noneFree_busyAfterPatience() throws Exception {
    String answer =
        permits.with(() -> {
          assertBusy(permits).hasMessageContaining("1 calls are on it and none ended within PT0S");
          return "first";
        });

    assertThat(answer).isEqualTo("first");
  }

  // KC-4: a queue without an end would only make everybody late.
  @Test
  @Timeout(60)
  void with_queueFull_busyAtOnce() throws Exception {
    Permits noQueue = new Permits("token", 1, 0, FOR_EVER, CustodianListener.NONE);

    String answer =
        noQueue.with(() -> {
          assertBusy(noQueue).hasMessageContaining("too many wait");
          return "first";
        });

    assertThat(answer).isEqualTo("first");
    assertThat(noQueue.<String>with(() -> "next")).isEqualTo("next");
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

    assertBusy(permits).hasMessageContaining("interrupted");

    assertThat(Thread.interrupted()).isTrue();
  }

  // KC-8
  @Test
  void load_inTurnAndAfter_whoIsOnItAndWhoWaits() throws Exception {
    Load during = permits.with(permits::load);

    assertThat(during).isEqualTo(new Load(1, 0, 0, 0));
    assertThat(permits.load()).isEqualTo(new Load(1, 1, 0, 0));
    assertThat(told).containsExactly("waited");
  }

  @Test
  @Timeout(60)
  void load_oneWaits_counted() throws Exception {
    Permits patient = new Permits("token", 1, 1, FOR_EVER, CustodianListener.NONE);
    Thread second;
    try (Permits.Turn _ = patient.turn()) {
      second = Thread.ofVirtual().start(() -> takeAndLeave(patient));
      while (patient.load().waiting() == 0) {
        Thread.onSpinWait();
      }
      assertThat(patient.load()).isEqualTo(new Load(1, 0, 1, 0));
    }
    second.join();
    assertThat(patient.load()).isEqualTo(new Load(1, 1, 0, 0));
  }

  private static void takeAndLeave(Permits permits) {
    try {
      permits.turn().close();
    } catch (CustodyException e) {
      throw new AssertionError(e);
    }
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertBusy(Permits permits) {
    return assertThatThrownBy(() -> permits.with(() -> "never"))
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).isEqualTo(Fault.BUSY));
  }
}
