package io.signet.ca.store;

import io.signet.ca.revocation.Revocations;
import io.signet.ca.revocation.RevocationsContract;
import io.signet.ca.testing.PostgresServer;
import org.junit.jupiter.api.AfterEach;

final class PostgresRevocationsTest extends RevocationsContract {

  private final Database database =
      PostgresDatabase.open(PostgresServer.shared().database(), new ReplicaId("a"));

  PostgresRevocationsTest() throws Exception {}

  @AfterEach
  void close() {
    database.close();
  }

  @Override
  protected Revocations revocations() {
    return new SqlRevocations(database);
  }
}
