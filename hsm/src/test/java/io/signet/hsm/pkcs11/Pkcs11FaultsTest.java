package io.signet.hsm.pkcs11;

import static io.signet.hsm.Faults.assertFault;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.hsm.CustodianEvent;
import io.signet.hsm.CustodianEvent.Recovered;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.Permits.Work;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A module that fails in exactly one way, by way of SunPKCS11 and past it. */
@Timeout(120)
final class Pkcs11FaultsTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final KeyLabel RSA = new KeyLabel("rsa-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);
  private static final Duration LONG_ON_A_BUSY_MACHINE = Duration.ofSeconds(60);
  private static final Duration DEADLINE = Duration.ofSeconds(2);
  private static final int PERMITS = 2;
  private static final int CALLERS = 8;
  private static final int LOSSES = 20;
  private static final int TIMES = 2;
  private static final int RAW_KEYS = 16;

  private static FaultyModule module;
  private final AtomicInteger recoveries = new AtomicInteger();
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
    custodian = opened(LONG_ON_A_BUSY_MACHINE);
    key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
  }

  private Pkcs11KeyCustodian opened(Duration deadline) throws CustodyException {
    return Pkcs11KeyCustodian.open(settings(deadline), SoftHsm.pin(), this::count);
  }

  private void count(CustodianEvent event) {
    if (event instanceof Recovered) {
      recoveries.incrementAndGet();
    }
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

  // P11-3, CT-3
  @ParameterizedTest
  @MethodSource("losses")
  void sign_connectionLost_recoveredWithinTheCall(String code) throws Exception {
    for (String function : List.of("C_SignInit", "C_Sign")) {
      assertRecovered(key, function, code);
    }
  }

  // P11-3, CT-3: the token digests as well for RSA, and signs with other functions (P11-14).
  @ParameterizedTest
  @MethodSource("losses")
  void sign_connectionLostWithRsa_recoveredWithinTheCall(String code) throws Exception {
    for (String function : List.of("C_SignInit", "C_SignUpdate", "C_SignFinal")) {
      assertRecovered(rsa(), function, code);
    }
  }

  private static List<String> losses() {
    return FaultyModule.LOSSES;
  }

  private void assertRecovered(KeyHandle signer, String function, String code) throws Exception {
    int before = recoveries.get();
    module.order(function + " " + code + " 1");

    assertThat(signer.sign(MESSAGE)).as(function).isNotEmpty();

    assertThat(recoveries).as(function).hasValue(before + 1);
  }

  /** A key of this kind, made before any order. */
  private KeyHandle rsa() throws Exception {
    Optional<KeyHandle> made = custodian.find(RSA);
    return made.isPresent() ? made.get() : custodian.generate(RSA, KeyAlgorithm.RSA_2048);
  }

  // KC-6, KC-1: of RSA keys, too.
  @Test
  void sign_lostAgainOrFlippedWithRsa_lostAndThenOutOfUse() throws Exception {
    KeyHandle signer = rsa();
    module.order("C_SignFinal 0x30 2");
    assertFault(Fault.LOST, () -> signer.sign(MESSAGE)).hasMessageContaining("CKR_DEVICE_ERROR");
    assertThat(signer.sign(MESSAGE)).isNotEmpty();

    module.order("C_SignFinal flip 1");
    assertFault(Fault.BROKEN, () -> signer.sign(MESSAGE)).hasMessageContaining("did not verify");
    assertThat(signer.inUse()).isFalse();
    assertThat(key.sign(MESSAGE)).isNotEmpty();
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
    try (Pkcs11KeyCustodian impatient = opened(DEADLINE)) {
      KeyHandle same = impatient.find(ROOT).orElseThrow();
      module.order("C_Sign hang 1000");

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

  // KC-3, CT-4, CT-5: one signature hangs in the library, and the others do not notice. Behind a
  // search that hangs, calls may queue that have to search too.
  @Test
  void sign_oneHangs_othersGoOnAndItsPermitComesBack() throws Exception {
    try (Pkcs11KeyCustodian impatient = opened(DEADLINE)) {
      KeyHandle same = impatient.find(ROOT).orElseThrow();
      for (int time = 1; time <= TIMES; time++) {
        module.order("C_Sign hang 1");

        Outcome outcome = untilOneFails(() -> impatient.find(ROOT), () -> same.sign(MESSAGE));

        assertThat(outcome.good()).isGreaterThan(CALLERS);
        assertThat(outcome.failures()).hasSize(1);
        assertThat(outcome.failures().getFirst())
            .hasMessageContaining("no answer within PT2S")
            .hasMessageContaining("(1 of %d hang)".formatted(PERMITS)); // not 2, the second time
        assertThat(same.sign(MESSAGE)).isNotEmpty(); // while it still hangs
        module.order();
      }
    }
  }

  /** What became of many calls. */
  private record Outcome(int good, List<CustodyException> failures) {}

  /** One caller does the first again and again and all others the second, until one call fails. */
  private static Outcome untilOneFails(Work<?> first, Work<?> second) throws Exception {
    var good = new AtomicInteger();
    var failures = new CopyOnWriteArrayList<CustodyException>();
    try (var threads = Executors.newFixedThreadPool(CALLERS)) {
      for (int caller = 0; caller < CALLERS; caller++) {
        Work<?> work = caller == 0 ? first : second;
        Future<?> _ =
            threads.submit(() -> {
              while (failures.isEmpty()) {
                try {
                  Object _ = work.run();
                  good.incrementAndGet();
                } catch (CustodyException e) {
                  failures.add(e);
                }
              }
            });
      }
    }
    return new Outcome(good.get(), failures);
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

  // P11-20: SunPKCS11 by itself reads no raw point; and of many, some look as if they were wrapped.
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384"})
  void generate_pointsAreRaw_sameKeyAsEver(KeyAlgorithm algorithm) throws Exception {
    module.order("C_GetAttributeValue raw 100000");

    for (int i = 1; i <= RAW_KEYS; i++) {
      KeyHandle made = custodian.generate(new KeyLabel("raw-" + i), algorithm);
      assertThat(made.algorithm()).isEqualTo(algorithm);
      assertThat(made.sign(MESSAGE)).isNotEmpty(); // and verified, with the public half
      assertThat(custodian.find(made.publicKey())).containsSame(made);
    }
    assertThat(privateKeys()).isEqualTo(RAW_KEYS + 1);
    try (Pkcs11KeyCustodian again = opened(LONG_ON_A_BUSY_MACHINE)) {
      assertThat(again.find(new KeyLabel("raw-1")).orElseThrow().sign(MESSAGE)).isNotEmpty();
    }
  }

  // P11-20: who has learned of one form still reads the other.
  @Test
  void generate_pointsInBothForms_eachRead() throws Exception {
    module.order("C_GetAttributeValue raw 100000");
    KeyHandle raw = custodian.generate(new KeyLabel("raw"), KeyAlgorithm.EC_P256);
    module.order();
    KeyHandle wrapped = custodian.generate(new KeyLabel("wrapped"), KeyAlgorithm.EC_P256);

    assertThat(raw.sign(MESSAGE)).isNotEmpty();
    assertThat(wrapped.sign(MESSAGE)).isNotEmpty();
  }

  // P11-20, KC-7: nothing is left of a key whose public half nobody knows.
  @Test
  void generate_pointIsOmitted_rejectedAndSaysWhat() throws Exception {
    KeyLabel label = new KeyLabel("root-2");
    module.order("C_GetAttributeValue omit 100000");

    assertFault(Fault.REJECTED, () -> custodian.generate(label, KeyAlgorithm.EC_P256))
        .hasMessageContaining("key root-2: its public half cannot be read")
        .hasMessageContaining("CKR_ATTRIBUTE_TYPE_INVALID");

    assertThat(privateKeys()).isEqualTo(1);
    assertThat(custodian.find(label)).isEmpty();
    module.order();
    assertThat(custodian.generate(label, KeyAlgorithm.EC_P256).sign(MESSAGE)).isNotEmpty();
  }

  private static int privateKeys() throws CustodyException {
    try (NativeSession token = SoftHsm.session(SoftHsm.RECOVERY)) {
      return token.find(Attribute.privateKey()).size();
    }
  }

  // Many an HSM takes in no private key in the clear.
  @Test
  void importKey_tokenTakesNone_rejectedByItsCode() throws Exception {
    KeyPair pair = newPair();
    module.order("C_CreateObject 0x0D1 1");

    assertFault(Fault.REJECTED, () -> custodian.importKey(RSA, pair))
        .hasMessageContaining("cannot be taken in: CKR_TEMPLATE_INCONSISTENT");

    assertThat(custodian.find(RSA)).isEmpty();
    assertThat(custodian.importKey(RSA, pair).sign(MESSAGE)).isNotEmpty();
  }

  // P11-3, KC-7: with the private key, with its certificate; the next try finds room.
  @ParameterizedTest
  @ValueSource(strings = {"C_CreateObject", "C_SignInit"})
  void importKey_connectionLost_lostAndTheNextSucceeds(String function) throws Exception {
    KeyPair pair = newPair();
    KeyLabel label = new KeyLabel("root-2");
    module.order(function + " 0x30 1");

    assertFault(Fault.LOST, () -> custodian.importKey(label, pair))
        .hasMessageContaining("CKR_DEVICE_ERROR");

    assertThat(custodian.find(label)).isEmpty();
    assertThat(custodian.importKey(label, pair).publicKey()).isEqualTo(pair.getPublic());
    assertThat(privateKeys()).isEqualTo(2);
  }

  // KC-1, CT-2
  @Test
  void importKey_bitFlipped_brokenAndNotKept() throws Exception {
    module.order("C_Sign flip 1");

    assertFault(Fault.BROKEN, () -> custodian.importKey(new KeyLabel("root-2"), newPair()));

    assertThat(privateKeys()).isEqualTo(1);
  }

  private static KeyPair newPair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(KeyAlgorithm.EC_P256.generation());
    return generator.generateKeyPair();
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
