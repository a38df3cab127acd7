package io.signet.hsm;

/** A custodian that is watched is one like any other. */
final class WatchedKeyCustodianContractTest extends KeyCustodianContract {

  private final KeyCustodian custodian =
      new WatchedKeyCustodian(new FakeKeyCustodian(), CustodianListener.NONE);

  @Override
  protected KeyCustodian custodian() {
    return custodian;
  }
}
