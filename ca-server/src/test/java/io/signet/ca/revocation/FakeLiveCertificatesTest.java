package io.signet.ca.revocation;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.IssuanceLedger;

final class FakeLiveCertificatesTest extends LiveCertificatesContract {
  private final FakeLedger ledger = new FakeLedger();

  @Override
  protected IssuanceLedger ledger() {
    return ledger;
  }

  @Override
  protected LiveCertificates live() {
    return new FakeLiveCertificates(ledger);
  }
}
