package io.signet.hsm;

import static io.signet.hsm.Faults.assertFault;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** KC-5, KC-8: each signature and each failure is told, once. */
final class WatchedKeyCustodianTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);

  private final FakeKeyCustodian real = new FakeKeyCustodian();
  private final List<String> told = new ArrayList<>();
  private final KeyCustodian custodian =
      new WatchedKeyCustodian(real, event -> told.add(Told.of(event)));

  @Test
  void sign_eachHandle_toldOnce() throws Exception {
    byte[] _ = custodian.generate(ROOT, KeyAlgorithm.EC_P256).sign(MESSAGE);
    KeyHandle found = custodian.find(ROOT).orElseThrow();
    byte[] _ = found.sign(MESSAGE);
    byte[] _ = custodian.find(found.publicKey()).orElseThrow().sign(MESSAGE);

    assertThat(told).containsExactly("signed", "signed", "signed");
  }

  @Test
  void sign_fails_toldAndThrown() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    real.failNextSign(new CustodyException(Fault.BUSY, "too many wait"));

    assertFault(Fault.BUSY, () -> key.sign(MESSAGE));

    assertThat(told).containsExactly("failed: too many wait");
  }

  // KC-1: what one handle has seen holds for every other of the key, watched or not.
  @Test
  void sign_signatureIsWrong_everyHandleIsOutOfUse() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    KeyHandle other = custodian.find(ROOT).orElseThrow();
    real.corruptNextSignature();

    assertFault(Fault.BROKEN, () -> key.sign(MESSAGE));

    assertThat(other.inUse()).isFalse();
    assertThat(real.find(ROOT).orElseThrow().inUse()).isFalse();
    assertThat(told).singleElement().asString().startsWith("failed: key root-1: a signature");
  }

  @Test
  void otherCalls_fail_toldAndThrown() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    real.failNextGenerate(new CustodyException(Fault.DENIED, "first"));
    real.failNextFind(new CustodyException(Fault.LOST, "second"));
    real.failNextFind(new CustodyException(Fault.LOST, "third"));
    real.failNextDestroy(new CustodyException(Fault.REJECTED, "fourth"));

    assertFault(
        Fault.DENIED, () -> custodian.generate(new KeyLabel("root-2"), KeyAlgorithm.EC_P256));
    assertFault(Fault.LOST, () -> custodian.find(ROOT));
    assertFault(Fault.LOST, () -> custodian.find(key.publicKey()));
    assertFault(Fault.REJECTED, () -> custodian.destroy(key));

    assertThat(told)
        .containsExactly("failed: first", "failed: second", "failed: third", "failed: fourth");
  }

  @Test
  void status_any_theCustodians() {
    CustodianStatus busy =
        new CustodianStatus(Optional.of(new CustodianStatus.Load(4, 1, 2, 1)), Optional.empty());
    real.says(busy);

    assertThat(custodian.status()).isEqualTo(busy);
  }
}
