package io.signet.ca.ledger;

/** The fake keeps the contract, so that tests with it say something about the real ledger. */
final class FakeLedgerTest extends IssuanceLedgerContract {

  private final FakeLedger ledger = new FakeLedger();

  @Override
  protected IssuanceLedger ledger() {
    return ledger;
  }
}
