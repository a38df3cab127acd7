package io.signet.ca.issuance;

import static io.signet.ca.testing.Fixtures.CART;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.CapturedLog;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.TrustBundle;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What was issued to a call that was over. */
final class UnreceivedTest {

  @RegisterExtension private final CapturedLog log = new CapturedLog(Unreceived.class);
  private final FakeLedger ledger = new FakeLedger();
  private final CertificateSigner signer =
      new CertificateSigner(ledger, Fixtures.serials(), new TestClock());

  @Test
  void add_issued_inTheLedger() throws Exception {
    Issued issued = issued();

    new Unreceived(signer).add(issued);

    assertThat(ledger.isUnreceived(SerialNumber.of(issued.certificate()))).isTrue();
    assertThat(log.messages(Level.WARN)).isEmpty();
  }

  // Nobody is there who could be told.
  @Test
  void add_ledgerAway_logged() throws Exception {
    Issued issued = issued();
    ledger.close();

    new Unreceived(signer).add(issued);

    assertThat(log.messages(Level.WARN))
        .containsExactly(
            "a certificate of %s reached nobody, but rotations take it for received: the ledger is closed"
                .formatted(CART));
  }

  private Issued issued() throws Exception {
    Authority root = Fixtures.root(signer, new FakeKeyCustodian(), KeyAlgorithm.EC_P256);
    TrustBundle bundle =
        new TrustBundle(Fixtures.DOMAIN, 1, List.of(root.certificate()), Optional.empty());
    return new Issued(CART, List.of(root.certificate()), bundle, 1, "", Optional.empty());
  }
}
