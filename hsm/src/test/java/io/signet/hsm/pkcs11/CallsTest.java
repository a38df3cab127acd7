package io.signet.hsm.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodianStatus.Load;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.Permits.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A library that hangs keeps nobody waiting beyond the deadline (KC-3, KC-4, P11-16, CT-4). */
@Timeout(60)
final class CallsTest {

  private static final Duration AT_ONCE = Duration.ofNanos(1);
  private static final Duration FOR_EVER = Duration.ofDays(1);

  private final Calls calls = new Calls("token", 2, 0, FOR_EVER, CustodianListener.NONE);
  private final List<CustodyException> given = new ArrayList<>();
  private final CountDownLatch returns = new CountDownLatch(1);
  private final Work<String> hanging =
      () -> {
        awaitReturn();
        return "late";
      };

  @AfterEach
  void release() {
    returns.countDown();
  }

  private void awaitReturn() {
    try {
      returns.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void call_answersInTime_itsResultOrItsFailure() throws Exception {
    CustodyException gone = new CustodyException(Fault.LOST, "gone");

    assertThat(calls.<String>call(FOR_EVER, _ -> {}, () -> "signature")).isEqualTo("signature");
    assertThatThrownBy(() ->
            calls.call(
                FOR_EVER,
                _ -> {},
                () -> {
                  throw gone;
                }))
        .isSameAs(gone);
    assertThat(calls.hanging()).isZero();
  }

  // A native call pins whoever carries a virtual thread, and may never come back.
  @Test
  void call_any_onAPlatformThreadThatEndsWithTheProcess() throws Exception {
    Thread thread = calls.call(FOR_EVER, _ -> {}, Thread::currentThread);

    assertThat(thread.isVirtual()).isFalse();
    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread.getName()).startsWith("pkcs11-");
  }

  @Test
  void call_hangs_busyAtItsDeadlineAndTheOthersGoOn() throws Exception {
    assertRefused(Fault.BUSY, AT_ONCE, hanging).hasMessageContaining("1 of 2 hang");

    assertThat(calls.<String>call(FOR_EVER, _ -> {}, () -> "signature")).isEqualTo("signature");
    assertThat(calls.load()).isEqualTo(new Load(2, 1, 0, 1)); // KC-8
    assertThat(given).singleElement().asString().contains("given up");
  }

  @Test
  void call_allPermitsHang_fatalAtOnceUntilOneReturns() throws Exception {
    assertRefused(Fault.BUSY, AT_ONCE, hanging);
    assertRefused(Fault.BUSY, AT_ONCE, hanging);

    assertRefused(Fault.FATAL, FOR_EVER, () -> "never")
        .hasMessageContaining("all of 2 calls hang in the library");

    returns.countDown();
    while (calls.hanging() > 0) {
      Thread.onSpinWait();
    }
    assertThat(calls.<String>call(FOR_EVER, _ -> {}, () -> "signature")).isEqualTo("signature");
  }

  // KC-4
  @Test
  void call_oneHangsAndTheQueueIsFull_busyAtOnce() {
    assertRefused(Fault.BUSY, AT_ONCE, hanging);
    Work<String> nested =
        () -> {
          assertRefused(Fault.BUSY, FOR_EVER, () -> "never").hasMessageContaining("too many wait");
          return "signature";
        };

    assertThat(answer(nested)).isEqualTo("signature");
  }

  private String answer(Work<String> work) {
    try {
      return calls.call(FOR_EVER, _ -> {}, work);
    } catch (CustodyException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void call_callerInterrupted_busyAndStaysInterrupted() {
    Thread.currentThread().interrupt();

    assertRefused(Fault.BUSY, FOR_EVER, hanging).hasMessageContaining("interrupted");

    assertThat(Thread.interrupted()).isTrue();
  }

  @CanIgnoreReturnValue
  private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      Fault fault, Duration deadline, Work<String> work) {
    return assertThatThrownBy(() -> calls.call(deadline, given::add, work))
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).as(e.getMessage()).isEqualTo(fault));
  }
}
