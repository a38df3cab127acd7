package io.signet.hsm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** KC-1: nothing leaves that does not verify. */
final class KeyHandleTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);

  private KeyPair pair;

  @BeforeEach
  void newPair() throws Exception {
    pair = newKeyPair();
  }

  @Test
  void sign_goodSignature_handedOut() throws Exception {
    byte[] signature = signature(pair, MESSAGE);

    assertThat(handle(_ -> signature).sign(MESSAGE)).isEqualTo(signature);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void sign_anyBitFlipped_neverLeaves(long seed) throws Exception {
    byte[] signature = signature(pair, MESSAGE);
    int bit = new Random(seed).nextInt(signature.length * 8);
    signature[bit / 8] ^= (byte) (1 << bit % 8);

    assertBroken(handle(_ -> signature));
  }

  @Test
  void sign_zeroOrEmptySignature_neverLeaves() {
    assertBroken(handle(_ -> new byte[70]));
    assertBroken(handle(_ -> new byte[0]));
  }

  @Test
  void sign_signatureOfAnotherKey_neverLeaves() throws Exception {
    KeyPair other = newKeyPair();

    assertBroken(handle(message -> signature(other, message)));
  }

  @Test
  void sign_signatureOfAnotherMessage_neverLeaves() throws Exception {
    assertBroken(handle(_ -> signature(pair, "another".getBytes(UTF_8))));
  }

  // The caller's buffer is the caller's: what happens to it must not take a good key out of use.
  @Test
  void sign_messageChangedMeanwhile_signatureOfWhatWasGiven() throws Exception {
    byte[] given = MESSAGE.clone();
    KeyHandle handle =
        handle(message -> {
          given[0] ^= 1;
          return signature(pair, message);
        });

    byte[] signature = handle.sign(given);

    assertThat(
            KeyCustodianContract.verifies(pair.getPublic(), handle.algorithm(), MESSAGE, signature))
        .isTrue();
  }

  @Test
  void sign_afterBrokenSignature_outOfUseWithoutAskingAgain() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    KeyHandle handle =
        handle(message -> asked.incrementAndGet() == 1 ? new byte[70] : signature(pair, message));

    assertBroken(handle);
    assertBroken(handle);

    assertThat(asked).hasValue(1);
  }

  @Test
  void sign_signerFails_keyStaysInUse() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    CustodyException busy = new CustodyException(Fault.BUSY, "later");
    KeyHandle handle =
        handle(message -> {
          if (asked.incrementAndGet() == 1) {
            throw busy;
          }
          return signature(pair, message);
        });

    assertThatThrownBy(() -> handle.sign(MESSAGE)).isSameAs(busy);
    assertThat(handle.sign(MESSAGE)).isNotEmpty();
  }

  @Test
  void toString_handle_labelAndAlgorithmOnly() {
    assertThat(handle(_ -> MESSAGE)).hasToString("KeyHandle[root-1, ec-p256]");
  }

  private KeyHandle handle(KeyHandle.Signer signer) {
    return new KeyHandle(ROOT, KeyAlgorithm.EC_P256, pair.getPublic(), signer);
  }

  private static void assertBroken(KeyHandle handle) {
    assertThatThrownBy(() -> handle.sign(MESSAGE))
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).isEqualTo(Fault.BROKEN))
        .hasMessageContaining("root-1");
  }

  private static KeyPair newKeyPair() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(KeyAlgorithm.EC_P256.generation());
    return generator.generateKeyPair();
  }

  private static byte[] signature(KeyPair pair, byte[] message) {
    try {
      Signature signature = Signature.getInstance(KeyAlgorithm.EC_P256.signatureName());
      signature.initSign(pair.getPrivate());
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
