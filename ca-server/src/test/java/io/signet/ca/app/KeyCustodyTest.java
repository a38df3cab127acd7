package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.signet.ca.authority.AuthorityStore.CaRecord;
import io.signet.ca.config.KeysConfig;
import io.signet.ca.config.KeysConfig.Issuing;
import io.signet.ca.config.KeysConfig.Pkcs11Custodian;
import io.signet.ca.config.SecretPlace;
import io.signet.ca.http.KeysStatus;
import io.signet.ca.http.KeysStatus.Trouble;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.CustodianEvent.Lost;
import io.signet.hsm.CustodianEvent.Recovered;
import io.signet.hsm.CustodianEvent.StillLost;
import io.signet.hsm.CustodianStatus;
import io.signet.hsm.CustodianStatus.Load;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyLabel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** KC-8: one status, from the start on, that says what is wrong and what to check. */
final class KeyCustodyTest {

  static final KeysConfig CONFIG =
      new KeysConfig(
          new Pkcs11Custodian(
              Path.of("/lib/p11.so"),
              "signet",
              Optional.empty(),
              new SecretPlace.InFile(Path.of("/secret/pin"))),
          KeyAlgorithm.EC_P256,
          Issuing.MEMORY);

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private final CustodyException gone = new CustodyException(Fault.LOST, "CKR_DEVICE_REMOVED");

  private final TestClock clock = new TestClock();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final FakeKeyCustodian custodian = new FakeKeyCustodian();
  private final KeyCustody custody = new KeyCustody(CONFIG, registry, clock);

  @Test
  void status_atFirst_whatIsConfiguredAndNotUsableYet() {
    KeysStatus status = custody.status();

    assertThat(status.custodian()).isEqualTo("pkcs11");
    assertThat(status.where()).isEqualTo("token \"signet\" of /lib/p11.so");
    assertThat(status.issuing()).isEqualTo("memory");
    assertThat(status.root()).isEmpty();
    assertThat(status.usable()).isFalse();
    assertThat(status.problem()).isEmpty();
  }

  // P11-22
  @Test
  void waits_tokenIsAway_problemUntilItIsOpen() {
    custody.caIs(new CaRecord(ROOT, Optional.empty()));
    custody.waits(gone);

    assertThat(custody.problem())
        .hasValue(
            "key root-1 (ec-p256) in pkcs11: LOST: CKR_DEVICE_REMOVED; check "
                + Fault.LOST.toCheck());
    assertThat(custody.status().lastError())
        .hasValue(new Trouble(clock.instant(), Fault.LOST, "CKR_DEVICE_REMOVED"));
    assertThat(errors("pkcs11", "lost")).isEqualTo(1);

    KeyCustodian _ = custody.opened(custodian);
    custody.looked(Optional.empty());

    assertThat(custody.problem()).isEmpty();
    assertThat(custody.status().usable()).isTrue();
    assertThat(custody.status().seen()).hasValue(clock.instant());
  }

  // KC-5
  @ParameterizedTest
  @EnumSource
  void problem_eachFault_itsClassAndWhatToCheck(Fault fault) {
    custody.looked(Optional.of(new CustodyException(fault, "what was said")));

    assertThat(custody.problem())
        .hasValue(
            "the root's key in pkcs11: %s: what was said; check %s"
                .formatted(fault, fault.toCheck()));
    assertThat(fault.toCheck()).hasSizeGreaterThan(20);
    assertThat(custody.status().usable()).isFalse();
  }

  // All may be well again when somebody asks what it was.
  @Test
  void lostAndRecovered_countedAndRemembered() {
    custody.looked(Optional.empty());
    custody.happened(new Lost(gone));
    custody.happened(new StillLost(new CustodyException(Fault.LOST, "not there")));
    custody.happened(new Recovered(Duration.ofSeconds(3)));

    KeysStatus status = custody.status();
    assertThat(status.usable()).isTrue();
    assertThat(status.losses()).isEqualTo(1);
    assertThat(status.recoveries()).isEqualTo(1);
    assertThat(status.lastError().orElseThrow().why()).isEqualTo("not there");
    assertThat(registry.get("signet.custodian.losses").counter().count()).isEqualTo(1);
    assertThat(registry.get("signet.custodian.recoveries").counter().count()).isEqualTo(1);
  }

  @Test
  void opened_callsOfTheCustodian_heardOf() throws Exception {
    KeyCustodian watched = custody.opened(custodian);
    byte[] _ = watched.generate(ROOT, KeyAlgorithm.EC_P256).sign(new byte[] {1});
    custodian.failNextFind(new CustodyException(Fault.DENIED, "CKR_PIN_LOCKED"));
    assertThatThrownBy(() -> watched.find(ROOT)).hasMessage("CKR_PIN_LOCKED");

    assertThat(custody.status().lastError().orElseThrow().fault()).isEqualTo(Fault.DENIED);
    assertThat(registry.get("signet.custodian.signature").timer().count()).isEqualTo(1);
    assertThat(errors("pkcs11", "denied")).isEqualTo(1);
  }

  @Test
  void status_open_whatTheCustodianSays() {
    var said = new CustodianStatus(Optional.of(new Load(4, 1, 2, 3)), Optional.empty());
    custodian.says(said);
    KeyCustodian _ = custody.opened(custodian);

    assertThat(custody.status().device()).isEqualTo(said);
  }

  @Test
  void beside_issuingKeysInMemory_countedApart() throws Exception {
    KeyCustodian memory = custody.beside(custodian);
    custodian.failNextGenerate(new CustodyException(Fault.BUSY, "not now"));
    assertThatThrownBy(() -> memory.generate(ROOT, KeyAlgorithm.EC_P256)).hasMessage("not now");

    assertThat(errors("memory", "busy")).isEqualTo(1);
    assertThat(errors("pkcs11", "busy")).isZero();
    assertThat(custody.status().lastError()).isEmpty();
  }

  private double errors(String kind, String fault) {
    return registry
        .get("signet.custodian.errors")
        .tags("custodian", kind, "fault", fault)
        .counter()
        .count();
  }
}
