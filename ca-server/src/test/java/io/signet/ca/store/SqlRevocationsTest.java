package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.Revocations;
import io.signet.ca.revocation.RevocationsContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

final class SqlRevocationsTest extends RevocationsContract {

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
  protected Revocations revocations() {
    return new SqlRevocations(database);
  }
}
