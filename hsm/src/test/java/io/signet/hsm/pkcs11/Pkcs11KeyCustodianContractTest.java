package io.signet.hsm.pkcs11;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.DurableKeyCustodianContract;
import io.signet.hsm.KeyCustodian;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

final class Pkcs11KeyCustodianContractTest extends DurableKeyCustodianContract {

  private KeyCustodian custodian;

  @BeforeEach
  void open() throws CustodyException {
    SoftHsm.empty(SoftHsm.CONTRACT);
    custodian = opened();
  }

  @AfterEach
  void close() {
    custodian.close();
  }

  @Override
  protected KeyCustodian custodian() {
    return custodian;
  }

  @Override
  protected KeyCustodian reopened() throws CustodyException {
    custodian.close();
    custodian = opened();
    return custodian;
  }

  private static KeyCustodian opened() throws CustodyException {
    return Pkcs11KeyCustodian.open(
        SoftHsm.settings(SoftHsm.CONTRACT), SoftHsm.pin(), CustodianListener.NONE);
  }
}
