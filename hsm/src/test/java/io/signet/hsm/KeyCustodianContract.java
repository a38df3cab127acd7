package io.signet.hsm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.hsm.CustodianStatus.Load;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What every custodian does (key-custody, section 9). An implementation's test extends it; one
 * whose keys outlive {@link KeyCustodian#close()} extends {@link DurableKeyCustodianContract}.
 */
public abstract class KeyCustodianContract {

  protected static final KeyLabel ROOT = new KeyLabel("root-1");
  protected static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);

  private static final int THREADS = 32;
  private static final int SIGNATURES_PER_THREAD = 20;
  private static final int LIVES_PER_THREAD = 3;

  /** The custodian of this test: open, without any key, the same at each call. */
  protected abstract KeyCustodian custodian() throws Exception;

  // CT-1. Longer RSA keys take the same way, and seconds to make.
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void sign_eachAlgorithm_verifiesWithPublicKey(KeyAlgorithm algorithm) throws Exception {
    KeyHandle key = custodian().generate(ROOT, algorithm);

    assertThat(key.label()).isEqualTo(ROOT);
    assertThat(key.algorithm()).isEqualTo(algorithm);
    assertThat(KeyAlgorithm.of(key.publicKey())).contains(algorithm);
    assertThat(verifies(key.publicKey(), algorithm, MESSAGE, key.sign(MESSAGE))).isTrue();
  }

  // KC-8: nobody is on it and nobody waits.
  @Test
  void status_nothingIsAsked_everyPermitIsFree() throws Exception {
    byte[] _ = generate(ROOT).sign(MESSAGE);

    assertThat(custodian().status().load())
        .satisfiesAnyOf(
            load -> assertThat(load).isEmpty(),
            load ->
                assertThat(load)
                    .hasValue(new Load(load.orElseThrow().permits(), load.get().permits(), 0, 0)));
  }

  @Test
  void sign_emptyMessage_verifies() throws Exception {
    KeyHandle key = generate(ROOT);

    byte[] signature = key.sign(new byte[0]);

    assertThat(verifies(key.publicKey(), key.algorithm(), new byte[0], signature)).isTrue();
  }

  @Test
  void generate_twoLabels_twoKeys() throws Exception {
    KeyHandle one = generate(ROOT);
    KeyHandle other = generate(new KeyLabel("root-2"));

    assertThat(one.publicKey()).isNotEqualTo(other.publicKey());
    assertThat(custodian().find(ROOT).orElseThrow().publicKey()).isEqualTo(one.publicKey());
    assertThat(custodian().find(other.label()).orElseThrow().publicKey())
        .isEqualTo(other.publicKey());
  }

  // KC-7: creation is idempotent because the label says whether the key is there.
  @Test
  void generate_labelTaken_rejectedAndOldKeySigns() throws Exception {
    KeyHandle old = generate(ROOT);

    assertFault(Fault.REJECTED, () -> generate(ROOT)).hasMessageContaining(ROOT.value());

    assertThat(custodian().find(ROOT).orElseThrow().publicKey()).isEqualTo(old.publicKey());
    assertThat(verifies(old.publicKey(), old.algorithm(), MESSAGE, old.sign(MESSAGE))).isTrue();
  }

  // KC-7
  @Test
  void generate_sameLabelAtOnce_oneWins() throws Exception {
    KeyCustodian custodian = custodian();
    List<KeyHandle> made = made(() -> custodian.generate(ROOT, KeyAlgorithm.EC_P256));

    assertThat(made).hasSize(1);
    assertThat(custodian.find(ROOT)).containsSame(made.getFirst());
  }

  /** What many callers get who do the same at once; those who get nothing are rejected. */
  private static List<KeyHandle> made(Callable<KeyHandle> work) throws Exception {
    List<KeyHandle> made = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      for (Future<KeyHandle> done : threads.invokeAll(Collections.nCopies(THREADS, work))) {
        switch (done.state()) {
          case SUCCESS -> made.add(done.resultNow());
          default ->
              assertThat(done.exceptionNow())
                  .isInstanceOfSatisfying(
                      CustodyException.class,
                      e -> assertThat(e.fault()).as(e.getMessage()).isEqualTo(Fault.REJECTED));
        }
      }
    }
    return made;
  }

  // CT-1
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void importKey_eachAlgorithm_isThatKey(KeyAlgorithm algorithm) throws Exception {
    KeyPair pair = newPair(algorithm);

    KeyHandle key = custodian().importKey(ROOT, pair);

    assertThat(key.label()).isEqualTo(ROOT);
    assertThat(key.algorithm()).isEqualTo(algorithm);
    assertThat(key.publicKey()).isEqualTo(pair.getPublic());
    assertThat(verifies(pair.getPublic(), algorithm, MESSAGE, key.sign(MESSAGE))).isTrue();
    assertThat(custodian().find(ROOT)).containsSame(key);
    assertThat(custodian().find(pair.getPublic())).containsSame(key);
  }

  // KC-7
  @Test
  void importKey_labelTaken_rejectedAndOldKeySigns() throws Exception {
    KeyHandle old = generate(ROOT);
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);

    assertFault(Fault.REJECTED, () -> custodian().importKey(ROOT, pair))
        .hasMessageContaining(ROOT.value())
        .hasMessageContaining("the label is taken");

    assertThat(custodian().find(ROOT)).containsSame(old);
    assertThat(custodian().find(pair.getPublic())).isEmpty();
    assertThat(verifies(old.publicKey(), old.algorithm(), MESSAGE, old.sign(MESSAGE))).isTrue();
  }

  // KC-7: whoever does not know whether it was taken in may ask again, and finds it.
  @Test
  void importKey_twice_rejectedAndFound() throws Exception {
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);
    KeyHandle first = custodian().importKey(ROOT, pair);

    assertFault(Fault.REJECTED, () -> custodian().importKey(ROOT, pair));

    assertThat(custodian().find(ROOT)).containsSame(first);
  }

  // P11-11: one key of two labels could not be told apart.
  @Test
  void importKey_keyOfAnotherLabel_rejectedAndThatOneSigns() throws Exception {
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);
    KeyHandle first = custodian().importKey(ROOT, pair);
    KeyLabel second = new KeyLabel("root-2");

    assertFault(Fault.REJECTED, () -> custodian().importKey(second, pair))
        .hasMessageContaining(second.value())
        .hasMessageContaining("under the label " + ROOT);

    assertThat(custodian().find(second)).isEmpty();
    assertThat(custodian().find(pair.getPublic())).containsSame(first);
    assertThat(first.sign(MESSAGE)).isNotEmpty();
  }

  // KC-2
  @Test
  void importKey_halvesOfTwoKeys_rejectedAndNothingKept() throws Exception {
    KeyPair one = newPair(KeyAlgorithm.EC_P256);
    for (KeyAlgorithm algorithm : List.of(KeyAlgorithm.EC_P256, KeyAlgorithm.EC_P384)) {
      KeyPair mixed = new KeyPair(one.getPublic(), newPair(algorithm).getPrivate());

      assertFault(Fault.REJECTED, () -> custodian().importKey(ROOT, mixed))
          .hasMessageContaining("key root-1")
          .hasMessageContaining("do not belong together");
    }
    KeyPair kinds = new KeyPair(one.getPublic(), newPair(KeyAlgorithm.RSA_2048).getPrivate());
    assertFault(Fault.REJECTED, () -> custodian().importKey(ROOT, kinds))
        .hasMessageContaining("expected: two of ec-p256");

    assertThat(custodian().find(ROOT)).isEmpty();
    assertThat(custodian().find(one.getPublic())).isEmpty();
  }

  @Test
  void importKey_unknownAlgorithm_rejected() throws Exception {
    KeyPair pair = newPair("EC", new ECGenParameterSpec("secp521r1"));

    assertFault(Fault.REJECTED, () -> custodian().importKey(ROOT, pair))
        .hasMessageContaining("secp521r1")
        .hasMessageContaining("expected: one of [ec-p256, ec-p384, rsa-2048");

    assertThat(custodian().find(ROOT)).isEmpty();
  }

  // KC-7
  @Test
  void importKey_sameLabelAtOnce_oneWins() throws Exception {
    KeyCustodian custodian = custodian();

    List<KeyHandle> made = made(() -> custodian.importKey(ROOT, newPair(KeyAlgorithm.EC_P256)));

    assertThat(made).hasSize(1);
    assertThat(custodian.find(ROOT)).containsSame(made.getFirst());
  }

  @Test
  void find_unknownLabel_empty() throws Exception {
    assertThat(custodian().find(ROOT)).isEmpty();
  }

  @Test
  void find_byLabel_keyThatWasMade() throws Exception {
    KeyHandle made = generate(ROOT);

    KeyHandle found = custodian().find(ROOT).orElseThrow();

    assertThat(found.label()).isEqualTo(ROOT);
    assertThat(found.algorithm()).isEqualTo(made.algorithm());
    assertThat(found.publicKey()).isEqualTo(made.publicKey());
  }

  // KC-2, P11-11
  @Test
  void find_byPublicKey_thatKeyAndNoOther() throws Exception {
    KeyHandle made = generate(ROOT);
    KeyHandle other = generate(new KeyLabel("root-2"));

    assertThat(custodian().find(made.publicKey()).orElseThrow().label()).isEqualTo(ROOT);
    assertThat(custodian().find(other.publicKey()).orElseThrow().label()).isEqualTo(other.label());
  }

  @Test
  void find_foreignPublicKey_empty() throws Exception {
    KeyHandle _ = generate(ROOT);

    assertThat(custodian().find(foreignKey())).isEmpty();
  }

  // KC-1: a key that is out of use stays so, however it is asked for.
  @Test
  void find_twice_sameHandle() throws Exception {
    KeyHandle made = generate(ROOT);

    assertThat(custodian().find(ROOT).orElseThrow()).isSameAs(made);
    assertThat(custodian().find(made.publicKey()).orElseThrow()).isSameAs(made);
  }

  @Test
  void destroy_key_goneAndHandleRefuses() throws Exception {
    KeyHandle key = generate(ROOT);

    custodian().destroy(key);

    assertThat(custodian().find(ROOT)).isEmpty();
    assertThat(custodian().find(key.publicKey())).isEmpty();
    assertFault(Fault.REJECTED, () -> key.sign(MESSAGE)).hasMessageContaining(ROOT.value());
  }

  @Test
  void destroy_twice_noError() throws Exception {
    KeyHandle key = generate(ROOT);

    custodian().destroy(key);
    custodian().destroy(key);

    assertThat(custodian().find(ROOT)).isEmpty();
  }

  @Test
  void destroy_labelUsedAgain_newKeyStays() throws Exception {
    KeyHandle old = generate(ROOT);
    custodian().destroy(old);
    KeyHandle young = generate(ROOT);

    custodian().destroy(old);

    assertThat(verifies(young.publicKey(), young.algorithm(), MESSAGE, young.sign(MESSAGE)))
        .isTrue();
    assertFault(Fault.REJECTED, () -> old.sign(MESSAGE));
  }

  @Test
  void destroy_importedKey_goneAndHandleRefuses() throws Exception {
    KeyHandle key = custodian().importKey(ROOT, newPair(KeyAlgorithm.EC_P256));

    custodian().destroy(key);

    assertThat(custodian().find(ROOT)).isEmpty();
    assertThat(custodian().find(key.publicKey())).isEmpty();
    assertFault(Fault.REJECTED, () -> key.sign(MESSAGE)).hasMessageContaining(ROOT.value());
  }

  // A key that is imported again is another one to whoever has the handle of before.
  @Test
  void destroy_importedKeyAndImportedAgain_oldHandleRefuses() throws Exception {
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);
    KeyHandle old = custodian().importKey(ROOT, pair);
    custodian().destroy(old);

    KeyHandle young = custodian().importKey(ROOT, pair);

    assertThat(young.sign(MESSAGE)).isNotEmpty();
    assertThat(custodian().find(ROOT)).containsSame(young);
    assertFault(Fault.REJECTED, () -> old.sign(MESSAGE));
  }

  // CT-5
  @Test
  void sign_manyThreads_eachUnderItsOwnKey() throws Exception {
    List<KeyHandle> keys =
        List.of(
            generate(ROOT),
            custodian().generate(new KeyLabel("root-2"), KeyAlgorithm.EC_P384),
            custodian().generate(new KeyLabel("root-3"), KeyAlgorithm.RSA_2048));

    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      List<Callable<Boolean>> work = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        KeyHandle key = keys.get(i % keys.size());
        byte[] message = ("message " + i).getBytes(UTF_8);
        work.add(() -> signsWell(key, message));
      }
      for (Future<Boolean> done : threads.invokeAll(work)) {
        assertThat(done.get()).isTrue();
      }
    }
  }

  // CT-5: keys come and go while others, and one that stays, are used.
  @Test
  void anyCall_manyThreads_eachSeesItsOwnKeys() throws Exception {
    KeyHandle shared = generate(ROOT);

    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      List<Callable<Boolean>> work = new ArrayList<>();
      for (int i = 0; i < THREADS / 4; i++) {
        KeyLabel label = new KeyLabel("load-" + i);
        work.add(() -> livesAndDies(label, shared));
      }
      for (Future<Boolean> done : threads.invokeAll(work)) {
        assertThat(done.get()).isTrue();
      }
    }

    assertThat(custodian().find(ROOT)).containsSame(shared);
  }

  private boolean livesAndDies(KeyLabel label, KeyHandle shared) throws Exception {
    for (int i = 0; i < LIVES_PER_THREAD; i++) {
      KeyHandle key = generate(label);
      assertThat(custodian().find(label)).containsSame(key);
      assertThat(custodian().find(key.publicKey())).containsSame(key);
      assertThat(signsWell(key, MESSAGE) && signsWell(shared, MESSAGE)).isTrue();
      custodian().destroy(key);
      assertThat(custodian().find(label)).isEmpty();
      assertFault(Fault.REJECTED, () -> key.sign(MESSAGE));
    }
    return true;
  }

  private static boolean signsWell(KeyHandle key, byte[] message) throws Exception {
    for (int i = 0; i < SIGNATURES_PER_THREAD; i++) {
      if (!verifies(key.publicKey(), key.algorithm(), message, key.sign(message))) {
        return false;
      }
    }
    return true;
  }

  @Test
  void close_anyCall_lost() throws Exception {
    KeyHandle key = generate(ROOT);
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);

    custodian().close();

    assertFault(Fault.LOST, () -> generate(new KeyLabel("root-2")));
    assertFault(Fault.LOST, () -> custodian().importKey(new KeyLabel("root-2"), pair));
    assertFault(Fault.LOST, () -> custodian().find(ROOT));
    assertFault(Fault.LOST, () -> custodian().find(key.publicKey()));
    assertFault(Fault.LOST, () -> custodian().destroy(key));
    assertFault(Fault.LOST, () -> key.sign(MESSAGE));
  }

  @Test
  void close_twice_noError() throws Exception {
    custodian().close();
    custodian().close();
  }

  /** A small key under this label. */
  protected final KeyHandle generate(KeyLabel label) throws Exception {
    return custodian().generate(label, KeyAlgorithm.EC_P256);
  }

  protected static PublicKey foreignKey() throws Exception {
    return newPair(KeyAlgorithm.EC_P256).getPublic();
  }

  /** A key of this process. */
  protected static KeyPair newPair(KeyAlgorithm algorithm) throws Exception {
    return newPair(algorithm.family(), algorithm.generation());
  }

  private static KeyPair newPair(String family, AlgorithmParameterSpec kind) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(family);
    generator.initialize(kind);
    return generator.generateKeyPair();
  }

  protected static boolean verifies(
      PublicKey key, KeyAlgorithm algorithm, byte[] message, byte[] signature) throws Exception {
    Signature verifier = Signature.getInstance(algorithm.signatureName());
    verifier.initVerify(key);
    verifier.update(message);
    return verifier.verify(signature);
  }

  @CanIgnoreReturnValue
  protected static AbstractThrowableAssert<?, ? extends Throwable> assertFault(
      Fault fault, ThrowingCallable call) {
    return assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).as(e.getMessage()).isEqualTo(fault));
  }
}
