package io.signet.ca.store;

import io.signet.ca.testing.PostgresServer;

/** What is remembered of the root on PostgreSQL. */
final class PostgresAuthorityStoreTest extends AuthorityStoreContract {

  private final PostgresSettings settings = PostgresServer.shared().database();

  PostgresAuthorityStoreTest() throws Exception {}

  @Override
  Database database() throws Exception {
    return PostgresDatabase.open(settings, new ReplicaId("a"));
  }
}
