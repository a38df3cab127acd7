package io.signet.ca.rotation;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.IssuanceLedger;

/** The fake keeps the contract, so that tests with it say something about the real holders. */
final class FakeHoldersTest extends HoldersContract {

  private final FakeLedger ledger = new FakeLedger();
  private final FakeHolders holders = new FakeHolders(ledger);

  @Override
  protected IssuanceLedger ledger() {
    return ledger;
  }

  @Override
  protected Holders holders() {
    return holders;
  }

  @Override
  protected PodHolders pods() {
    return holders;
  }

  @Override
  protected Holders another() {
    return holders.of("two");
  }
}
