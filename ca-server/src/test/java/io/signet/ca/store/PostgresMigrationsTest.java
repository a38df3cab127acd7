package io.signet.ca.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.rotation.Laggard;
import io.signet.ca.rotation.Progress;
import io.signet.ca.rotation.RotationState;
import io.signet.ca.testing.PostgresServer;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several servers, of one version or two, on the same tables. */
@Timeout(60)
final class PostgresMigrationsTest {

  private static final int SERVERS = 4;

  private final PostgresSettings settings = PostgresServer.shared().database();

  PostgresMigrationsTest() throws Exception {}

  @RepeatedTest(5)
  void open_severalAtOnceOnANewDatabase_eachOpensIt() throws Exception {
    try (var servers = Executors.newFixedThreadPool(SERVERS)) {
      List<Future<PostgresDatabase>> opening =
          IntStream.range(0, SERVERS)
              .mapToObj(i ->
                  servers.submit(() -> PostgresDatabase.open(settings, new ReplicaId("r" + i))))
              .toList();
      for (Future<PostgresDatabase> each : opening) {
        each.get().close();
      }
    }
  }

  // During an update: what the oldest version says, on the tables of this one.
  @Test
  void write_asTheOldestVersionDoes_readByThisOne() throws Exception {
    try (PostgresDatabase database = PostgresDatabase.open(settings, new ReplicaId("new"));
        SqlIssuanceLedger ledger = new SqlIssuanceLedger(database);
        Connection connection = database.connect();
        Statement old = connection.createStatement()) {
      int _ =
          old.executeUpdate(
              "insert into ledger (serial, id, profile, reason, issuer_key_id, tbs, not_after,"
                  + " intended_at) values ('\\x07', 'spiffe://example.org/a', 'leaf', 'why', '\\x00',"
                  + " '\\x3000', now(), now())");
      int _ = old.executeUpdate("insert into unfinished (serial) values ('\\x07')");

      LedgerEntry entry = ledger.find(new SerialNumber(BigInteger.valueOf(7))).orElseThrow();

      assertThat(entry.intent().reason()).isEqualTo("why");
      assertThat(entry.result()).isEqualTo(new LedgerEntry.Result.Open());
      assertThat(old.executeUpdate("delete from unfinished where serial = '\\x07'")).isOne();
    }
  }

  // During an update: what the first version with rotations says, which knows of no intent that was
  // withdrawn and of no pod that is gone.
  @Test
  void write_asTheFirstVersionWithRotationsDoes_countedByThisOne() throws Exception {
    try (PostgresDatabase database = PostgresDatabase.open(settings, new ReplicaId("new"));
        Connection connection = database.connect();
        Statement old = connection.createStatement()) {
      issueAsTheFirstVersionWithRotations(old);
      int _ =
          old.executeUpdate(
              "insert into holder (streams, bundle, generation, refusal, since, name, replica)"
                  + " values (1, 1, 1, null, now(), 'spiffe://example.org/b|', 'old')");
      int _ =
          old.executeUpdate(
              "insert into rotation_journal (number, made_at, made_by, reason, phase, active,"
                  + " active_label, other, other_label, bundle, since, approved, forced,"
                  + " compromised, kind) values (1, now(), 'alice', 'yearly', 'published', 1,"
                  + " 'root-1', 2, 'root-2', 2, now(), false, false, false, 'x509')");

      RotationState state = new SqlRotationJournal(database, "x509").last().orElseThrow().state();
      Progress lacking = SqlHolders.open(database, "new").lacking(state.bundle(), Instant.now(), 9);

      assertThat(state.phase()).isEqualTo("published");
      assertThat(lacking.laggards())
          .extracting(Laggard::name, Laggard::has)
          .containsExactlyInAnyOrder(
              tuple("spiffe://example.org/a uid", "bundle 1"),
              tuple("spiffe://example.org/b", "bundle 1"));
    }
  }

  private static void issueAsTheFirstVersionWithRotations(Statement old) throws SQLException {
    int _ =
        old.executeUpdate(
            "insert into ledger (serial, id, profile, reason, issuer_key_id, tbs, not_after,"
                + " intended_at, bundle, generation, holder) values ('\\x07',"
                + " 'spiffe://example.org/a', 'leaf', 'why', '\\x00', '\\x3000',"
                + " now() + interval '1 hour', now(), 1, 1, coalesce((select holder from ledger"
                + " where serial = '\\x06'), 'spiffe://example.org/a|uid'))");
    int _ = old.executeUpdate("insert into unfinished (serial, replica) values ('\\x07', 'old')");
    int _ = old.executeUpdate("update ledger set signature = '\\x00' where serial = '\\x07'");
    assertThat(old.executeUpdate("delete from unfinished where serial = '\\x07'")).isOne();
  }
}
