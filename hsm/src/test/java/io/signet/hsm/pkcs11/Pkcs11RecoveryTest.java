package io.signet.hsm.pkcs11;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodianEvent;
import io.signet.hsm.CustodianEvent.Recovered;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.Permits.Work;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A token that dies and comes back, in slots that say it can be removed and in slots that do not
 * (CT-3): callers of the same handle hardly notice, and nothing is restarted.
 */
@ParameterizedClass
@ValueSource(booleans = {false, true})
@Timeout(120)
final class Pkcs11RecoveryTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);
  private static final int TIMES = 5;

  @Parameter private boolean removable;
  private final AtomicInteger recoveries = new AtomicInteger();
  private Pkcs11KeyCustodian custodian;
  private KeyHandle key;

  /** Something that happens to the library or its token. */
  private interface Event {
    void happen() throws CustodyException;
  }

  private void count(CustodianEvent event) {
    if (event instanceof Recovered) {
      recoveries.incrementAndGet();
    }
  }

  @BeforeEach
  void open() throws Exception {
    SoftHsm.removable(removable);
    SoftHsm.empty(SoftHsm.RECOVERY);
    custodian =
        Pkcs11KeyCustodian.open(SoftHsm.settings(SoftHsm.RECOVERY), SoftHsm.pin(), this::count);
    key = untilItIsThere(this::made);
  }

  private KeyHandle made() throws CustodyException {
    Optional<KeyHandle> before = custodian.find(ROOT);
    return before.isPresent() ? before.get() : custodian.generate(ROOT, KeyAlgorithm.EC_P256);
  }

  @AfterEach
  void close() throws IOException {
    custodian.close();
    SoftHsm.putBack();
    SoftHsm.removable(false);
  }

  // P11-1, P11-2
  @Test
  void sign_sessionsClosedUnderneath_recovered() throws Exception {
    assertRecovered(() -> SoftHsm.closeSessions(SoftHsm.RECOVERY));
  }

  // P11-5
  @Test
  void sign_libraryFinalizedUnderneath_recovered() throws Exception {
    assertRecovered(SoftHsm::finish);
  }

  // P11-6
  @Test
  void sign_loggedOutUnderneath_recovered() throws Exception {
    assertRecovered(SoftHsm::logOut);
  }

  // P11-6: to those who are not logged in a token shows no key, as if there were none.
  @Test
  void find_loggedOutUnderneath_theKeyAndNoSecondOne() throws Exception {
    SoftHsm.logOut();
    assertThat(untilItIsThere(() -> custodian.find(ROOT))).containsSame(key);
    SoftHsm.logOut();
    assertThat(untilItIsThere(() -> custodian.find(key.publicKey()))).containsSame(key);
    SoftHsm.logOut();
    assertThatThrownBy(() -> custodian.generate(ROOT, KeyAlgorithm.EC_P256))
        .isInstanceOf(CustodyException.class);
    assertThat(untilItIsThere(() -> custodian.find(ROOT))).containsSame(key);
  }

  // After C_Finalize the library counts its sessions anew, and SunPKCS11 may still close some of
  // before by their numbers: then another loss follows the first.
  private void assertRecovered(Event event) throws CustodyException {
    for (int time = 1; time <= TIMES; time++) {
      int before = recoveries.get();
      event.happen();

      assertThat(signature()).isNotEmpty();
      assertThat(recoveries).hasValueGreaterThan(before);
    }
    assertThat(untilItIsThere(() -> custodian.find(ROOT))).containsSame(key);
    assertThat(untilItIsThere(() -> custodian.find(key.publicKey()))).containsSame(key);
  }

  private byte[] signature() throws CustodyException {
    return untilItIsThere(() -> key.sign(MESSAGE));
  }

  private static <T> T untilItIsThere(Work<T> work) throws CustodyException {
    while (true) {
      try {
        return work.run();
      } catch (CustodyException e) {
        if (e.fault() != Fault.LOST) {
          throw e;
        }
      }
    }
  }

  // P11-22: it says what is missing, and is there again by itself.
  @Test
  void sign_tokenTakenOutAndPutBack_lostMeanwhileAndGoodAgain() throws Exception {
    SoftHsm.takeOut(SoftHsm.RECOVERY);
    assertThatThrownBy(() -> key.sign(MESSAGE))
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).isEqualTo(Fault.LOST))
        .hasMessageContaining("token \"recovery\"")
        .hasMessageContaining("is not there");

    SoftHsm.putBack();
    assertThat(signature()).isNotEmpty();
    assertThat(recoveries).hasPositiveValue();
  }

  // A key may have been made in the moment of the loss: the next call sees what is there.
  @Test
  void generate_sessionsClosedUnderneath_lostAndTheNextSucceeds() throws Exception {
    SoftHsm.closeSessions(SoftHsm.RECOVERY);

    KeyLabel label = new KeyLabel("root-2");
    assertThatThrownBy(() -> custodian.generate(label, KeyAlgorithm.EC_P256))
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).isEqualTo(Fault.LOST));
    assertThat(untilItIsThere(() -> custodian.find(label))).isEmpty();
    assertThat(untilItIsThere(() -> custodian.generate(label, KeyAlgorithm.EC_P256))).isNotNull();
  }
}
