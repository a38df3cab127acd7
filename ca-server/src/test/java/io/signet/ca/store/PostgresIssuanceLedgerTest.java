package io.signet.ca.store;

import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.IssuanceLedgerContract;
import io.signet.ca.testing.PostgresServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The ledger on PostgreSQL keeps the contract. */
final class PostgresIssuanceLedgerTest extends IssuanceLedgerContract {

  private PostgresDatabase database;
  private SqlIssuanceLedger ledger;

  @BeforeEach
  void open() throws Exception {
    database = PostgresDatabase.open(PostgresServer.shared().database(), new ReplicaId("a"));
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
}
