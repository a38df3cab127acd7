package io.signet.ca.store;

import io.signet.ca.revocation.CrlStore;
import io.signet.ca.revocation.CrlStoreContract;
import io.signet.ca.testing.PostgresServer;
import org.junit.jupiter.api.AfterEach;

final class PostgresCrlStoreTest extends CrlStoreContract {

  private final Database database =
      PostgresDatabase.open(PostgresServer.shared().database(), new ReplicaId("a"));

  PostgresCrlStoreTest() throws Exception {}

  @AfterEach
  void close() {
    database.close();
  }

  @Override
  protected CrlStore store() {
    return new SqlCrlStore(database);
  }
}
