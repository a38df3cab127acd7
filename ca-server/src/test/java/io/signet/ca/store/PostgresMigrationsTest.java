package io.signet.ca.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.testing.PostgresServer;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.Statement;
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
}
