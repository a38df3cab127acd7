package io.signet.hsm.pkcs11;

import static io.signet.hsm.Faults.assertFault;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A module that fails in exactly one way, by way of SunPKCS11 and past it. */
@Timeout(120)
final class Pkcs11FaultsTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);
  private static final Duration LONG_ON_A_BUSY_MACHINE = Duration.ofSeconds(60);
  private static final Duration DEADLINE = Duration.ofSeconds(2);
  private static final int PERMITS = 2;
  private static final int CALLERS = 8;
  private static final int LOSSES = 20;

  private static FaultyModule module;
  private Pkcs11KeyCustodian custodian;
  private KeyHandle key;

  @BeforeAll
  static void build() throws IOException {
    module = SoftHsm.faulty();
  }

  @BeforeEach
  void open() throws Exception {
    SoftHsm.empty(SoftHsm.RECOVERY);
    module.order();
    custodian =
        Pkcs11KeyCustodian.open(
            settings(LONG_ON_A_BUSY_MACHINE), SoftHsm.pin(), CustodianListener.NONE);
    key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
  }

  private static Pkcs11Settings settings(Duration deadline) {
    return new Pkcs11Settings(
        module.library(),
        SoftHsm.RECOVERY,
        Optional.empty(),
        PERMITS,
        LONG_ON_A_BUSY_MACHINE,
        deadline);
  }

  @AfterEach
  void close() throws IOException {
    custodian.close();
    module.order();
  }

  // P11-3, CT-3: each code that means a lost connection, and one that is a vendor's own.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0x002",
        "0x005",
        "0x006",
        "0x030",
        "0x031",
        "0x032",
        "0x060",
        "0x082",
        "0x0B0",
        "0x0B3",
        "0x0E0",
        "0x101",
        "0x190",
        "0x80000107"
      })
  void sign_connectionLost_recoveredWithinTheCall(String code) throws Exception {
    for (String function : new String[] {"C_SignInit", "C_Sign"}) {
      module.order(function + " " + code + " 1");
      assertThat(key.sign(MESSAGE)).as(function).isNotEmpty();
    }
  }

  // KC-6: one retry, and not a third try.
  @Test
  void sign_lostAgainAndAgain_lostAfterOneRetry() throws Exception {
    module.order("C_Sign 0x30 3");

    assertFault(Fault.LOST, () -> key.sign(MESSAGE)).hasMessageContaining("CKR_DEVICE_ERROR");

    assertThat(key.sign(MESSAGE)).isNotEmpty(); // the third failure, and its retry
  }

  // CT-3, CT-5: each signature is verified by its handle. A call is hit by one loss only, for it is
  // done only once more (KC-6): the next loss comes when all have begun another.
  @Test
  void sign_manyThreadsWhileTheConnectionIsLostAgainAndAgain_allServed() throws Exception {
    var over = new AtomicBoolean();
    var signed = new AtomicIntegerArray(CALLERS);
    try (var threads = Executors.newFixedThreadPool(CALLERS)) {
      List<Future<Integer>> callers =
          IntStream.range(0, CALLERS)
              .mapToObj(caller -> threads.submit(() -> sign(caller, signed, over)))
              .toList();
      for (int time = 0; time < LOSSES; time++) {
        module.order("C_Sign 0xB3 1");
        awaitTwoMoreOfEach(signed, callers);
      }
      over.set(true);
      for (Future<Integer> caller : callers) {
        assertThat(caller.get()).isPositive();
      }
    }
  }

  private int sign(int caller, AtomicIntegerArray signed, AtomicBoolean over)
      throws CustodyException {
    while (!over.get()) {
      assertThat(key.sign(MESSAGE)).isNotEmpty();
      signed.incrementAndGet(caller);
    }
    return signed.get(caller);
  }

  private static void awaitTwoMoreOfEach(AtomicIntegerArray signed, List<Future<Integer>> callers) {
    int[] goal = IntStream.range(0, CALLERS).map(caller -> signed.get(caller) + 2).toArray();
    while (IntStream.range(0, CALLERS).anyMatch(caller -> signed.get(caller) < goal[caller])
        && callers.stream().noneMatch(Future::isDone)) {
      Thread.onSpinWait();
    }
  }

  // P11-5
  @Test
  void sign_libraryStaysFinalized_fatal() throws Exception {
    module.order("C_Sign 0x190 1", "C_GetSlotList 0x190 100");

    assertFault(Fault.FATAL, () -> key.sign(MESSAGE))
        .hasMessageContaining("CKR_CRYPTOKI_NOT_INITIALIZED")
        .hasMessageContaining("restart the process");
  }

  // P11-8, CT-6: the PIN was changed while we were logged in.
  @Test
  void sign_pinRefusedAtRecovery_oneAttemptAndNoneAfterIt() throws Exception {
    module.order("C_Sign 0x30 1", "C_Login 0xA0 1"); // a second attempt would succeed

    assertFault(Fault.DENIED, () -> key.sign(MESSAGE)).hasMessageContaining("CKR_PIN_INCORRECT");
    assertFault(Fault.DENIED, () -> key.sign(MESSAGE)).hasMessageContaining("until a restart");
  }

  // KC-1, CT-2
  @Test
  void sign_bitFlipped_neverLeavesAndTheKeyIsOutOfUse() throws Exception {
    module.order("C_Sign flip 1");

    assertFault(Fault.BROKEN, () -> key.sign(MESSAGE)).hasMessageContaining("did not verify");

    assertFault(Fault.BROKEN, () -> key.sign(MESSAGE));
    assertThat(key.inUse()).isFalse();
    assertThat(custodian.find(ROOT)).containsSame(key);
  }

  // KC-3, P11-16, CT-4
  @Test
  void sign_libraryHangs_givenUpAtTheDeadlineAndGoodAgainWhenItReturns() throws Exception {
    try (Pkcs11KeyCustodian impatient =
        Pkcs11KeyCustodian.open(settings(DEADLINE), SoftHsm.pin(), CustodianListener.NONE)) {
      KeyHandle same = impatient.find(ROOT).orElseThrow();
      module.order("C_Sign hang 1");

      for (int call = 1; call <= PERMITS; call++) {
        assertFault(Fault.BUSY, () -> same.sign(MESSAGE))
            .hasMessageContaining("no answer within PT2S")
            .hasMessageContaining("(%d of %d hang)".formatted(call, PERMITS));
      }
      assertFault(Fault.FATAL, () -> same.sign(MESSAGE))
          .hasMessageContaining("all of 2 calls hang");

      module.order();
      awaitSignature(same);
    }
  }

  private static void awaitSignature(KeyHandle key) throws CustodyException {
    while (true) {
      try {
        assertThat(key.sign(MESSAGE)).isNotEmpty();
        return;
      } catch (CustodyException e) {
        assertThat(e.fault()).as(e.getMessage()).isIn(Fault.FATAL, Fault.BUSY);
      }
    }
  }

  // P11-22: what to check.
  @Test
  void sign_tokenAway_saysWhichTokenAndWhatToCheck() throws Exception {
    module.order("C_Sign 0x32 1", "C_GetTokenInfo 0xE0 100");

    assertFault(Fault.LOST, () -> key.sign(MESSAGE))
        .hasMessageContaining("token \"recovery\" of " + module.library())
        .hasMessageContaining("is not there")
        .hasMessageContaining("CKR_TOKEN_NOT_PRESENT")
        .hasMessageContaining("check that the device is connected");
  }
}
