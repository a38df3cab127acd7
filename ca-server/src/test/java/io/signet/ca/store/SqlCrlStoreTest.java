package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.CrlStore;
import io.signet.ca.revocation.CrlStoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

final class SqlCrlStoreTest extends CrlStoreContract {

  @TempDir private Path directory;
  private Database database;

  @BeforeEach
  void open() throws LedgerException {
    database = EmbeddedDatabase.open(directory);
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Override
  protected CrlStore store() {
    return new SqlCrlStore(database);
  }
}
