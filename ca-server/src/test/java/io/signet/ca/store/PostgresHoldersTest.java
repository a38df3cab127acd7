package io.signet.ca.store;

import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.rotation.Holders;
import io.signet.ca.rotation.HoldersContract;
import io.signet.ca.rotation.PodHolders;
import io.signet.ca.testing.PostgresServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Holders in SQL keep the contract, on PostgreSQL. */
final class PostgresHoldersTest extends HoldersContract {

  private PostgresDatabase database;
  private SqlIssuanceLedger ledger;
  private SqlHolders holders;
  private SqlHolders others;

  @BeforeEach
  void open() throws Exception {
    database = PostgresDatabase.open(PostgresServer.shared().database(), new ReplicaId("one"));
    ledger = new SqlIssuanceLedger(database);
    holders = SqlHolders.open(database, "one");
    others = SqlHolders.open(database, "two");
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
  protected Holders holders() {
    return holders;
  }

  @Override
  protected PodHolders pods() {
    return new SqlPodHolders(database);
  }

  @Override
  protected Holders another() {
    return others;
  }
}
