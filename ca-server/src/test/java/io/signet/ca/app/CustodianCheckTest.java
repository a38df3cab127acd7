package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.signet.ca.app.CustodianCheck.Sought;
import io.signet.ca.delivery.FakeTimer;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** KC-8: whether the root's key can be used is known before it is needed. */
final class CustodianCheckTest {

  private static final Duration TEN_SECONDS = Duration.ofSeconds(10);

  private final TestClock clock = new TestClock();
  private final FakeTimer timer = new FakeTimer(clock);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final FakeKeyCustodian custodian = new FakeKeyCustodian();
  private final KeyCustody custody = new KeyCustody(KeyCustodyTest.CONFIG, registry, clock);
  private KeyHandle root;

  @BeforeEach
  void start() throws CustodyException {
    root = custodian.generate(new KeyLabel("root"), KeyAlgorithm.EC_P256);
    look(root.label());
  }

  private void look(KeyLabel label) {
    var check =
        new CustodianCheck(
            custody, custodian, () -> Optional.of(new Sought(label, root.publicKey())), clock);
    new Renewal(check, timer, clock, _ -> {}).start();
    timer.runDue();
  }

  @Test
  void look_keyIsThere_noProblem() {
    assertThat(custody.problem()).isEmpty();
    assertThat(registry.get("signet.custodian.up").gauge().value()).isEqualTo(1);
  }

  // Another tool may have given it another label.
  @Test
  void look_labelIsAnothers_foundByItsPublicKey() throws Exception {
    look(custodian.generate(new KeyLabel("other"), KeyAlgorithm.EC_P256).label());

    assertThat(custody.problem()).isEmpty();
  }

  @Test
  void look_keyIsGone_problemUntilItIsBack() throws Exception {
    custodian.destroy(root);
    timer.advance(TEN_SECONDS);

    assertProblem("the custodian does not hold the key of the root any more");
    assertThat(registry.get("signet.custodian.up").gauge().value()).isZero();
  }

  // KC-1: it is there, and signs no more.
  @Test
  void look_keyIsOutOfUse_problem() {
    custodian.corruptNextSignature();
    assertThatThrownBy(() -> root.sign(new byte[] {1})).isInstanceOf(CustodyException.class);
    timer.advance(TEN_SECONDS);

    assertProblem("out of use");
  }

  // With the custodian's own words, and again in a moment.
  @Test
  void look_custodianFails_problemUntilItAnswers() {
    custodian.failNextFind(new CustodyException(Fault.LOST, "token \"signet\" is not there"));
    timer.advance(TEN_SECONDS);
    assertProblem("LOST: token \"signet\" is not there");

    timer.advance(Duration.ofSeconds(1));
    assertThat(custody.problem()).isEmpty();
  }

  private void assertProblem(String why) {
    assertThat(custody.problem()).hasValueSatisfying(problem -> assertThat(problem).contains(why));
  }
}
