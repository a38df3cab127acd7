package io.signet.e2e.bench.jmh;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.store.PostgresDatabase;
import io.signet.ca.store.PostgresSettings;
import io.signet.ca.store.ReplicaId;
import io.signet.ca.store.SqlIssuanceLedger;
import io.signet.e2e.bench.DurablePostgres;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.util.Optional;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The ledger on a PostgreSQL of its own, on this machine, which forces each commit to the disk. */
@State(Scope.Benchmark)
public class PostgresLedger {

  private final EmbeddedPostgres server;
  private final PostgresDatabase database;

  final SqlIssuanceLedger ledger;

  /** Called by JMH in the process that measures. */
  public PostgresLedger() {
    try {
      server = DurablePostgres.start();
      database =
          PostgresDatabase.open(
              new PostgresSettings(
                  DurablePostgres.url(server), DurablePostgres.USER, Optional.empty()),
              new ReplicaId("bench"));
    } catch (IOException | LedgerException e) {
      throw new IllegalStateException("PostgreSQL cannot be used", e);
    }
    ledger = new SqlIssuanceLedger(database);
  }

  /** Called by JMH when it has measured. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    ledger.close();
    database.close();
    server.close();
  }
}
