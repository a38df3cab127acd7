package io.signet.ca.store;

import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.LiveCertificates;
import io.signet.ca.revocation.LiveCertificatesContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

final class SqlLiveCertificatesTest extends LiveCertificatesContract {

  @TempDir private Path directory;
  private Database database;
  private SqlIssuanceLedger ledger;

  @BeforeEach
  void open() throws LedgerException {
    database = EmbeddedDatabase.open(directory);
    ledger = new SqlIssuanceLedger(database);
  }

  @AfterEach
  void close() {
    ledger.close();
    database.close();
  }

  @Override
  protected IssuanceLedger ledger() {
    return ledger;
  }

  @Override
  protected LiveCertificates live() {
    return new SqlLiveCertificates(database);
  }
}
