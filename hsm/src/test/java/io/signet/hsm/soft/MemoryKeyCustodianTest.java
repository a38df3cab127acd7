package io.signet.hsm.soft;

import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyCustodianContract;

final class MemoryKeyCustodianTest extends KeyCustodianContract {

  private final MemoryKeyCustodian custodian = new MemoryKeyCustodian();

  @Override
  protected KeyCustodian custodian() {
    return custodian;
  }
}
