package io.signet.hsm.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.Told;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A lost connection is made anew, by one, within the call, and without hammering (P11-2, P11-8).
 */
@Timeout(60)
final class TokenConnectionTest {

  private static final int CALLERS = 8;

  private final List<Session> opened = new ArrayList<>();
  private final Deque<CustodyException> openFailures = new ArrayDeque<>();
  private final List<String> told = new ArrayList<>();
  private long nanos;
  private int tries;
  private TokenConnection<Session> connection;

  /** It can be lost; from then on whatever is done with it fails. */
  private static final class Session implements AutoCloseable {
    private volatile boolean lost;
    private volatile boolean closed;

    String sign() throws CustodyException {
      if (lost) {
        throw new CustodyException(Fault.LOST, "token: CKR_SESSION_HANDLE_INVALID");
      }
      return "signature";
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @BeforeEach
  void open() throws CustodyException {
    connection =
        TokenConnection.open(
            "token",
            this::next,
            Duration.ofDays(1),
            event -> told.add(Told.of(event)),
            () -> nanos);
  }

  private Session next() throws CustodyException {
    tries++;
    if (!openFailures.isEmpty()) {
      throw openFailures.remove();
    }
    Session session = new Session();
    opened.add(session);
    return session;
  }

  @Test
  void with_sessionLost_anotherAndDoneOnceMore() throws Exception {
    opened.getFirst().lost = true;

    assertThat(connection.with(Session::sign)).isEqualTo("signature");

    assertThat(opened).hasSize(2);
    assertThat(opened.getFirst().closed).isTrue();
    assertThat(told)
        .containsExactly("lost: token: CKR_SESSION_HANDLE_INVALID", "recovered after PT0S");
  }

  // KC-6: one retry.
  @Test
  void with_lostAgainAtOnce_failsAndTheNextCallBeginsAnew() throws Exception {
    opened.getFirst().lost = true;

    assertFails(
            Fault.LOST,
            session -> {
              session.lost = true;
              return session.sign();
            })
        .hasMessageContaining("CKR_SESSION_HANDLE_INVALID");
    assertThat(tries).isEqualTo(2);

    assertThat(connection.with(Session::sign)).isEqualTo("signature");
  }

  // What may have had an effect is not done again, but the next one finds a connection.
  @Test
  void once_sessionLost_failsAndTheNextIsServed() throws Exception {
    opened.getFirst().lost = true;

    assertThatThrownBy(() -> connection.once(Session::sign)).hasMessageContaining("CKR_SESSION");

    assertThat(connection.once(Session::sign)).isEqualTo("signature");
    assertThat(opened).hasSize(2);
  }

  // KC-5: nothing is wrong with the connection.
  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"BUSY", "DENIED", "REJECTED", "BROKEN"})
  void with_otherFault_neitherRetriedNorReplaced(Fault fault) throws Exception {
    CustodyException failure = new CustodyException(fault, "no");

    assertThatThrownBy(() ->
            connection.with(session -> {
              throw failure;
            }))
        .isSameAs(failure);

    assertThat(connection.with(Session::sign)).isEqualTo("signature");
    assertThat(tries).isOne();
    assertThat(told).isEmpty();
  }

  // P11-5: the library can be initialised again; if that does not help, nothing in this process
  // does.
  @Test
  void with_fatal_replacedOnceAndThenFatal() {
    assertFails(
        Fault.FATAL,
        _ -> {
          throw new CustodyException(Fault.FATAL, "CKR_CRYPTOKI_NOT_INITIALIZED");
        });

    assertThat(tries).isEqualTo(2);
  }

  // P11-22: not again at once, and ever less often.
  @Test
  void with_tokenAway_failsAndIsTriedEverLessOften() throws Exception {
    opened.getFirst().lost = true;
    for (int millis : new int[] {0, 250, 500, 1000, 2000, 4000, 5000, 5000}) {
      pass(millis);
      openFailures.add(new CustodyException(Fault.LOST, "token is not there"));
      assertFails(Fault.LOST, Session::sign).hasMessageContaining("not there");
      int before = tries;
      assertFails(Fault.LOST, Session::sign).hasMessageContaining("tried again in a moment");
      assertThat(tries).isEqualTo(before);
    }

    pass(5000);
    assertThat(connection.with(Session::sign)).isEqualTo("signature");
    assertThat(told).hasSize(10).last().isEqualTo("recovered after PT22.75S");

    opened.getLast().lost = true; // and the pause begins anew
    assertThat(connection.with(Session::sign)).isEqualTo("signature");
  }

  // P11-8
  @Test
  void with_pinRefused_neverTriedAgain() {
    opened.getFirst().lost = true;
    openFailures.add(new CustodyException(Fault.DENIED, "CKR_PIN_INCORRECT"));
    assertFails(Fault.DENIED, Session::sign).hasMessageContaining("CKR_PIN_INCORRECT");

    pass(3_600_000);
    assertFails(Fault.DENIED, Session::sign)
        .hasMessageContaining("CKR_PIN_INCORRECT")
        .hasMessageContaining("not tried again until a restart");

    assertThat(tries).isEqualTo(2);
  }

  @Test
  void with_manyNoticeTheLoss_oneReplacesItForAll() throws Exception {
    Session first = opened.getFirst();
    CyclicBarrier allAtOnce = new CyclicBarrier(CALLERS);
    try (var threads = Executors.newFixedThreadPool(CALLERS)) {
      List<Future<String>> answers =
          IntStream.range(0, CALLERS)
              .mapToObj(_ ->
                  threads.submit(
                      () -> connection.with(session -> noticed(session, first, allAtOnce))))
              .toList();
      for (Future<String> answer : answers) {
        assertThat(answer.get()).isEqualTo("signature");
      }
    }
    assertThat(opened).hasSize(2);
    assertThat(told).hasSize(2);
  }

  private static String noticed(Session session, Session first, CyclicBarrier allAtOnce)
      throws CustodyException {
    if (session == first) {
      first.lost = true;
      try {
        int _ = allAtOnce.await();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
    return session.sign();
  }

  // P11-16: a call that hangs keeps the locks of its session, and nobody shall wait for these.
  @Test
  void abandon_sessionOfACallThatHangs_othersGetAnother() throws Exception {
    Session hanging = opened.getFirst();
    CustodyException why = new CustodyException(Fault.BUSY, "given up");

    connection.abandon(hanging, why);
    connection.abandon(hanging, why);

    assertThat(connection.<Session>with(session -> session)).isNotSameAs(hanging);
    assertThat(told).containsExactly("lost: given up", "recovered after PT0S");
  }

  @Test
  void close_openOrLost_nothingIsOpenedAnyMore() {
    connection.close();

    assertFails(Fault.LOST, Session::sign).hasMessageContaining("the custodian is closed");
    assertThat(opened.getFirst().closed).isTrue();
    assertThat(tries).isOne();
  }

  private void pass(int millis) {
    nanos += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @CanIgnoreReturnValue
  private AbstractThrowableAssert<?, ? extends Throwable> assertFails(
      Fault fault, TokenConnection.Use<Session, String> use) {
    return assertThatThrownBy(() -> connection.with(use))
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).as(e.getMessage()).isEqualTo(fault));
  }
}
