package io.signet.hsm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

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
