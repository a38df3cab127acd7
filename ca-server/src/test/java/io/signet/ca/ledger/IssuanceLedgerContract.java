package io.signet.ca.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.ledger.IssuanceLedger.Unfinished;
import io.signet.ca.ledger.LedgerEntry.Result;
import io.signet.ca.testing.Fixtures;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every ledger does (ISS-2, ISS-4, ISS-8, SER-2). */
public abstract class IssuanceLedgerContract {

  private static final int THREADS = 32;
  private static final int INTENTS_PER_THREAD = 200;

  private static final int MANY = 150;
  private static final Instant NOW = Fixtures.NOW;
  private static final Instant END = NOW.plusSeconds(3600);

  protected static final byte[] SIGNATURE = {1, 2, 3};

  /** The ledger of this test: open and empty, the same at each call. */
  protected abstract IssuanceLedger ledger();

  @Test
  void intend_newSerial_foundAndOpen() throws Exception {
    Intent intent = intent(1);

    ledger().intend(intent);

    LedgerEntry entry = ledger().find(intent.serial()).orElseThrow();
    assertThat(entry.intent()).usingRecursiveComparison().isEqualTo(intent);
    assertThat(entry.result()).isEqualTo(new Result.Open());
  }

  @Test
  void find_unknownSerial_empty() throws Exception {
    assertThat(ledger().find(serial(7))).isEmpty();
  }

  // RFC 5280: up to 20 octets
  @Test
  void intend_longestSerial_found() throws Exception {
    SerialNumber longest = new SerialNumber(BigInteger.TWO.pow(159).subtract(BigInteger.ONE));
    Intent intent = intent(longest);

    ledger().intend(intent);

    assertThat(ledger().find(longest).orElseThrow().intent().serial()).isEqualTo(longest);
  }

  // SER-2
  @Test
  void intend_serialUsedBefore_refusedAndFirstStays() throws Exception {
    ledger().intend(intent(1));
    Intent second =
        new Intent(
            serial(1),
            Fixtures.DOMAIN.id(),
            "root",
            "for a test",
            new byte[20],
            new byte[] {9},
            Fixtures.NOW,
            Fixtures.NOW);

    assertThatThrownBy(() -> ledger().intend(second)).isInstanceOf(SerialTakenException.class);

    assertThat(ledger().find(serial(1)).orElseThrow().intent().profile()).isEqualTo("leaf");
    assertThat(ledger().reconcile().count()).isOne();
  }

  @Test
  void issued_openIntent_finished() throws Exception {
    ledger().intend(intent(1));

    ledger().issued(serial(1), SIGNATURE);

    assertThat(ledger().find(serial(1)).orElseThrow().signature()).hasValue(SIGNATURE);
    assertThat(ledger().reconcile().count()).isZero();
  }

  @Test
  void issued_withoutIntent_refused() {
    assertThatThrownBy(() -> ledger().issued(serial(1), SIGNATURE))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("no open intent for serial number 01");
  }

  // Append-only: a result is never replaced by another.
  @Test
  void issued_twice_refusedAndFirstStays() throws Exception {
    ledger().intend(intent(1));
    ledger().issued(serial(1), SIGNATURE);

    assertThatThrownBy(() -> ledger().issued(serial(1), new byte[] {9}))
        .isInstanceOf(LedgerException.class);

    assertThat(ledger().find(serial(1)).orElseThrow().signature()).hasValue(SIGNATURE);
  }

  @Test
  void withdraw_openIntent_closedForGood() throws Exception {
    ledger().intend(intent(1));

    ledger().withdraw(serial(1));

    assertThat(ledger().find(serial(1)).orElseThrow().result()).isEqualTo(new Result.Withdrawn());
    assertThat(ledger().reconcile()).isEqualTo(new Unfinished(0, Optional.empty()));
    assertThat(ledger().unknown(NOW)).isZero();
    assertThatThrownBy(() -> ledger().issued(serial(1), SIGNATURE))
        .hasMessageContaining("no open intent for serial number 01");
    assertThatThrownBy(() -> ledger().withdraw(serial(1)))
        .hasMessageContaining("no open intent for serial number 01");
  }

  // What was signed stays so, and an auditor sees it.
  @Test
  void unreceived_issued_staysIssued() throws Exception {
    ledger().intend(intent(1));
    ledger().issued(serial(1), SIGNATURE);

    ledger().unreceived(serial(1));

    assertThat(ledger().find(serial(1)).orElseThrow().signature()).hasValue(SIGNATURE);
    assertThatThrownBy(() -> ledger().unreceived(serial(1)))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("no certificate to be received under serial number 01");
  }

  @Test
  void unreceived_notIssued_refused() throws Exception {
    ledger().intend(intent(1));
    ledger().intend(intent(2));
    ledger().withdraw(serial(2));

    for (int number = 1; number <= 3; number++) {
      SerialNumber serial = serial(number);
      assertThatThrownBy(() -> ledger().unreceived(serial))
          .isInstanceOf(LedgerException.class)
          .hasMessageContaining("no certificate to be received under serial number " + serial);
    }
  }

  // What may be out there is not taken back.
  @Test
  void withdraw_issued_refusedAndStays() throws Exception {
    ledger().intend(intent(1));
    ledger().issued(serial(1), SIGNATURE);

    assertThatThrownBy(() -> ledger().withdraw(serial(1)))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("no open intent for serial number 01");

    assertThat(ledger().find(serial(1)).orElseThrow().signature()).hasValue(SIGNATURE);
  }

  // ISS-8
  @Test
  void reconcile_several_countAndOldest() throws Exception {
    ledger().intend(intent(1));
    ledger().intend(intent(2));
    ledger().intend(intent(3));
    ledger().issued(serial(2), SIGNATURE);

    assertThat(ledger().reconcile()).isEqualTo(new Unfinished(2, Optional.of(serial(1))));
  }

  // Each is told of once; it stays in the ledger, with what may have been signed.
  @Test
  void reconcile_again_noneAndTheFirstStayUnknown() throws Exception {
    ledger().intend(intent(1));
    var _ = ledger().reconcile();

    assertThat(ledger().reconcile()).isEqualTo(new Unfinished(0, Optional.empty()));
    LedgerEntry entry = ledger().find(serial(1)).orElseThrow();
    assertThat(entry.result()).isEqualTo(new Result.Unknown());
    assertThat(entry.intent().tbs()).isEqualTo(intent(1).tbs());
  }

  // Whoever could bring one has ended.
  @Test
  void issued_unknown_refused() throws Exception {
    ledger().intend(intent(1));
    var _ = ledger().reconcile();

    assertThatThrownBy(() -> ledger().issued(serial(1), SIGNATURE))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("no open intent for serial number 01");

    assertThat(ledger().find(serial(1)).orElseThrow().signature()).isEmpty();
  }

  @Test
  void unknown_asTimeGoes_countedUntilItsCertificateEnds() throws Exception {
    ledger().intend(ending(1, END));
    ledger().intend(ending(2, END.plusSeconds(10)));
    ledger().intend(ending(3, END.plusSeconds(10)));
    ledger().issued(serial(3), SIGNATURE);

    assertThat(ledger().unknown(END)).isZero();
    var _ = ledger().reconcile();
    assertThat(ledger().unknown(END)).isEqualTo(2);
    assertThat(ledger().unknown(END.plusMillis(1))).isOne();
    assertThat(ledger().unknown(END.plusSeconds(11))).isZero();
  }

  @Test
  void prune_ended_forgottenAndOnlyThey() throws Exception {
    ledger().intend(ending(1, END.minusMillis(1)));
    ledger().intend(ending(2, END));
    ledger().issued(serial(1), SIGNATURE);

    assertThat(ledger().prune(END)).isOne();

    assertThat(ledger().find(serial(1))).isEmpty();
    assertThat(ledger().find(serial(2))).isPresent();
    assertThat(ledger().prune(END)).isZero();
  }

  // Also what never got a result, of this run and of earlier ones.
  @Test
  void prune_withoutResult_forgotten() throws Exception {
    ledger().intend(ending(1, END));
    var _ = ledger().reconcile();
    ledger().intend(ending(2, END));

    pruneAll(END.plusMillis(1));

    assertThat(ledger().find(serial(1))).isEmpty();
    assertThat(ledger().find(serial(2))).isEmpty();
    assertThat(ledger().unknown(END)).isZero();
    assertThat(ledger().reconcile().count()).isZero();
  }

  @Test
  void prune_moreThanAtOnce_oldestFirstUntilNoneIsLeft() throws Exception {
    for (int i = 1; i <= MANY; i++) {
      ledger().intend(ending(i, END.minusSeconds(i)));
    }
    assertThat(ledger().prune(END)).isPositive().isLessThan(MANY);
    assertThat(ledger().find(serial(MANY))).isEmpty();
    assertThat(ledger().find(serial(1))).isPresent();

    pruneAll(END);

    assertThat(ledger().find(serial(1))).isEmpty();
  }

  // What rotations ask for.
  @Test
  void intend_receiver_found() throws Exception {
    Receiver pod = receiver(new HolderKey(Fixtures.CART, "uid"), Optional.empty(), 7, 3);
    ledger().intend(to(1, pod));

    assertThat(found(1)).isEqualTo(pod);
  }

  @Test
  void intend_renewed_holderOfTheOneThatWasShown() throws Exception {
    HolderKey first = HolderKey.single(Fixtures.CART, serial(1));
    ledger().intend(to(1, receiver(first, Optional.empty(), 1, 1)));
    HolderKey other = new HolderKey(Fixtures.CART, "2");
    ledger().intend(to(2, receiver(other, Optional.of(serial(1)), 1, 1)));
    ledger().intend(to(3, receiver(other, Optional.of(serial(2)), 1, 2)));

    assertThat(found(3)).isEqualTo(receiver(first, Optional.empty(), 1, 2));
  }

  // Such as one of before a store was made anew, or whose entry was pruned.
  @Test
  void intend_renewedOneIsUnknown_holderAsGiven() throws Exception {
    HolderKey other = new HolderKey(Fixtures.CART, "2");
    ledger().intend(to(2, receiver(other, Optional.of(serial(1)), 1, 1)));

    assertThat(found(2).holder()).contains(other);
  }

  private Receiver found(int serial) throws LedgerException {
    return ledger().find(serial(serial)).orElseThrow().intent().receiver();
  }

  private static Receiver receiver(
      HolderKey holder, Optional<SerialNumber> renewed, long bundle, int generation) {
    return new Receiver(Optional.of(holder), renewed, bundle, generation);
  }

  private static Intent to(int serial, Receiver receiver) {
    return new Intent(
        serial(serial),
        Fixtures.CART,
        "leaf",
        "for a test",
        new byte[20],
        new byte[] {0x30, 0},
        END,
        NOW,
        receiver);
  }

  // SER-2 holds for what is in the ledger.
  @Test
  void intend_serialOfAForgotten_recorded() throws Exception {
    ledger().intend(ending(1, END.minusSeconds(1)));
    pruneAll(END);

    ledger().intend(ending(1, END));

    assertThat(ledger().find(serial(1))).isPresent();
  }

  private void pruneAll(Instant endedBefore) throws LedgerException {
    while (ledger().prune(endedBefore) > 0) {
      // on
    }
  }

  /** An intent for a certificate that ends then. */
  public static Intent ending(int serial, Instant notAfter) {
    return new Intent(
        serial(serial),
        Fixtures.CART,
        "leaf",
        "for a test",
        new byte[20],
        new byte[] {0x30, 0},
        notAfter,
        NOW);
  }

  // Duplicates and results without an intent are their callers' problem and not the ledger's.
  @Test
  void problem_working_none() throws Exception {
    ledger().intend(intent(1));
    assertThatThrownBy(() -> ledger().intend(intent(1))).isInstanceOf(LedgerException.class);
    assertThatThrownBy(() -> ledger().issued(serial(2), SIGNATURE))
        .isInstanceOf(LedgerException.class);

    assertThat(ledger().problem()).isEmpty();
  }

  @Test
  void problem_afterClose_saysSo() {
    ledger().close();

    assertThat(ledger().problem()).hasValue("the ledger is closed");
  }

  @Test
  void intend_manyThreads_eachRecordedOnce() throws Exception {
    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> all =
          IntStream.range(0, THREADS)
              .<Future<?>>mapToObj(thread -> threads.submit(() -> intendAll(thread)))
              .toList();
      for (Future<?> each : all) {
        each.get();
      }
    }
    assertThat(ledger().reconcile().count()).isEqualTo(THREADS * INTENTS_PER_THREAD);
  }

  // One serial number of each thread was used by its neighbour: that one fails, and no other.
  @Test
  void intend_duplicatesAmongManyThreads_onlyTheGuiltyFail() throws Exception {
    ledger().intend(intent(1));
    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<Boolean>> guilty =
          IntStream.range(0, THREADS)
              .mapToObj(thread -> threads.submit(() -> isTaken(serial(1))))
              .toList();
      List<Future<Boolean>> others =
          IntStream.range(0, THREADS)
              .mapToObj(thread -> threads.submit(() -> isTaken(serial(100 + thread))))
              .toList();
      for (Future<Boolean> each : guilty) {
        assertThat(each.get()).isTrue();
      }
      for (Future<Boolean> each : others) {
        assertThat(each.get()).isFalse();
      }
    }
    assertThat(ledger().reconcile().count()).isEqualTo(THREADS + 1);
  }

  @Test
  void intend_afterClose_refused() {
    ledger().close();

    assertThatThrownBy(() -> ledger().intend(intent(1)))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("closed");
  }

  private int intendAll(int thread) throws LedgerException {
    for (int i = 1; i <= INTENTS_PER_THREAD; i++) {
      ledger().intend(intent(thread * INTENTS_PER_THREAD + i));
    }
    return thread;
  }

  private boolean isTaken(SerialNumber serial) throws LedgerException {
    try {
      ledger().intend(intent(serial));
      return false;
    } catch (SerialTakenException taken) {
      return true;
    }
  }

  protected static SerialNumber serial(int value) {
    return new SerialNumber(BigInteger.valueOf(value));
  }

  protected static Intent intent(int serial) {
    return intent(serial(serial));
  }

  public static Intent intent(SerialNumber serial) {
    return new Intent(
        serial,
        Fixtures.CART,
        "leaf",
        "the rule of " + serial,
        new byte[20],
        new byte[] {0x30, 0},
        Fixtures.NOW.plusSeconds(3600),
        Fixtures.NOW.plusMillis(serial.value().intValue()));
  }
}
