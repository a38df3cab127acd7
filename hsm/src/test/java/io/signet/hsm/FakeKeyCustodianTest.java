package io.signet.hsm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The fake keeps the contract, so that tests with it say something about real custodians. */
final class FakeKeyCustodianTest extends KeyCustodianContract {

  private final CustodyException removed = new CustodyException(Fault.LOST, "token removed");

  private final FakeKeyCustodian fake = new FakeKeyCustodian();

  @Override
  protected KeyCustodian custodian() {
    return fake;
  }

  @Test
  void failNextSign_once_thenSignsAgain() throws Exception {
    KeyHandle key = generate(ROOT);
    fake.failNextSign(removed);

    assertFault(Fault.LOST, () -> key.sign(MESSAGE)).isSameAs(removed);
    assertThat(fake.signatures()).isZero();

    assertThat(key.sign(MESSAGE)).isNotEmpty();
    assertThat(fake.signatures()).isEqualTo(1);
    assertThat(fake.signedMessages().getFirst()).isEqualTo(MESSAGE);
  }

  // CT-2
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void corruptNextSignature_once_neverLeaves(KeyAlgorithm algorithm) throws Exception {
    KeyHandle key = fake.generate(ROOT, algorithm);
    fake.corruptNextSignature();

    assertFault(Fault.BROKEN, () -> key.sign(MESSAGE));
  }

  @Test
  void holdNextSign_untilOpened_signs() throws Exception {
    KeyHandle key = generate(ROOT);
    FakeKeyCustodian.Gate gate = fake.holdNextSign();
    CompletableFuture<byte[]> signature =
        CompletableFuture.supplyAsync(() -> {
          try {
            return key.sign(MESSAGE);
          } catch (CustodyException e) {
            throw new IllegalStateException(e);
          }
        });

    gate.awaitArrival();
    assertThat(fake.signatures()).isZero();
    gate.open();

    assertThat(verifies(key.publicKey(), key.algorithm(), MESSAGE, signature.get())).isTrue();
  }

  @Test
  void failNextGenerate_once_noKeyMade() throws Exception {
    fake.failNextGenerate(removed);

    assertFault(Fault.LOST, () -> generate(ROOT));

    assertThat(fake.find(ROOT)).isEmpty();
  }

  @Test
  void failNextImport_once_noKeyTakenIn() throws Exception {
    fake.failNextImport(removed);

    assertFault(Fault.LOST, () -> fake.importKey(ROOT, newPair(KeyAlgorithm.EC_P256)));

    assertThat(fake.find(ROOT)).isEmpty();
  }

  @Test
  void failNextFind_once_thenFinds() throws Exception {
    KeyHandle _ = generate(ROOT);
    fake.failNextFind(removed);

    assertFault(Fault.LOST, () -> fake.find(ROOT));

    assertThat(fake.find(ROOT)).isPresent();
  }

  @Test
  void failNextDestroy_once_keyStays() throws Exception {
    KeyHandle key = generate(ROOT);
    fake.failNextDestroy(removed);

    assertFault(Fault.LOST, () -> fake.destroy(key));

    assertThat(fake.find(ROOT)).isPresent();
  }
}
