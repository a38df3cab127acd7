package io.signet.hsm;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyPair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What custodians do whose keys outlive the process (CT-1). */
public abstract class DurableKeyCustodianContract extends KeyCustodianContract {

  /** Closes {@link #custodian()} and opens it again on the same keys; it is then this one. */
  protected abstract KeyCustodian reopened() throws Exception;

  @Test
  void reopen_findByPublicKey_signsWithSameKey() throws Exception {
    KeyHandle before = generate(ROOT);

    KeyHandle after = reopened().find(before.publicKey()).orElseThrow();

    assertThat(after.label()).isEqualTo(ROOT);
    assertThat(after.algorithm()).isEqualTo(before.algorithm());
    assertThat(verifies(before.publicKey(), after.algorithm(), MESSAGE, after.sign(MESSAGE)))
        .isTrue();
  }

  @Test
  void reopen_findByLabel_samePublicKey() throws Exception {
    KeyHandle before = generate(ROOT);

    KeyHandle after = reopened().find(ROOT).orElseThrow();

    assertThat(after.publicKey()).isEqualTo(before.publicKey());
  }

  // CT-1, KC-7: no second key after a crash between the intent and the answer.
  @Test
  void reopen_generateAgain_rejected() throws Exception {
    KeyHandle _ = generate(ROOT);
    KeyCustodian after = reopened();

    assertFault(Fault.REJECTED, () -> after.generate(ROOT, KeyAlgorithm.EC_P256));
  }

  // CT-1
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void reopen_importedKey_signsWithThatKey(KeyAlgorithm algorithm) throws Exception {
    KeyPair pair = newPair(algorithm);
    KeyHandle _ = custodian().importKey(ROOT, pair);

    KeyHandle after = reopened().find(pair.getPublic()).orElseThrow();

    assertThat(after.label()).isEqualTo(ROOT);
    assertThat(after.algorithm()).isEqualTo(algorithm);
    assertThat(verifies(pair.getPublic(), algorithm, MESSAGE, after.sign(MESSAGE))).isTrue();
    assertThat(custodian().find(ROOT)).containsSame(after);
  }

  // KC-7
  @Test
  void reopen_importAgain_rejected() throws Exception {
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);
    KeyHandle _ = custodian().importKey(ROOT, pair);
    KeyCustodian after = reopened();

    assertFault(Fault.REJECTED, () -> after.importKey(ROOT, pair))
        .hasMessageContaining("the label is taken");
  }

  @Test
  void reopen_importedKeyDestroyed_canBeImportedAgain() throws Exception {
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);
    custodian().destroy(custodian().importKey(ROOT, pair));

    KeyCustodian after = reopened();

    assertThat(after.find(ROOT)).isEmpty();
    assertThat(after.importKey(ROOT, pair).sign(MESSAGE)).isNotEmpty();
  }

  @Test
  void reopen_destroyedKey_staysGone() throws Exception {
    KeyHandle key = generate(ROOT);
    custodian().destroy(key);

    KeyCustodian after = reopened();

    assertThat(after.find(ROOT)).isEmpty();
    assertThat(after.find(key.publicKey())).isEmpty();
  }

  @Test
  void reopen_foreignPublicKey_empty() throws Exception {
    KeyHandle _ = generate(ROOT);

    assertThat(reopened().find(foreignKey())).isEmpty();
  }
}
