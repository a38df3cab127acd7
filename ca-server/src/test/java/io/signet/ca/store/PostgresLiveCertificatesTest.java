package io.signet.ca.store;

import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.revocation.LiveCertificates;
import io.signet.ca.revocation.LiveCertificatesContract;
import io.signet.ca.testing.PostgresServer;
import org.junit.jupiter.api.AfterEach;

final class PostgresLiveCertificatesTest extends LiveCertificatesContract {

  private final Database database =
      PostgresDatabase.open(PostgresServer.shared().database(), new ReplicaId("a"));
  private final SqlIssuanceLedger ledger = new SqlIssuanceLedger(database);

  PostgresLiveCertificatesTest() throws Exception {}

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
