package io.signet.hsm.soft;

import io.signet.hsm.CustodyException;
import io.signet.hsm.DurableKeyCustodianContract;
import io.signet.hsm.KeyCustodian;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

final class FileKeyCustodianContractTest extends DurableKeyCustodianContract {

  private static final int FEW_ITERATIONS = 10;

  @TempDir private Path directory;
  private KeyCustodian custodian;

  @BeforeEach
  void open() throws CustodyException {
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

  private KeyCustodian opened() throws CustodyException {
    Path keys = directory.resolve("keys");
    return FileKeyCustodian.open(keys, "correct horse".toCharArray(), FEW_ITERATIONS);
  }
}
