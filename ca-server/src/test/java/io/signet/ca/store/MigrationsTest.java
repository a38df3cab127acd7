package io.signet.ca.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.authority.AuthorityStore.CaRecord;
import io.signet.ca.ledger.IssuanceLedgerContract;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.SerialNumber;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an earlier version made opens in this one, and what this one makes in an earlier one. */
final class MigrationsTest {

  private static final SerialNumber FIRST = new SerialNumber(BigInteger.ONE);
  private static final SerialNumber SECOND = new SerialNumber(BigInteger.TWO);

  @TempDir private Path directory;

  @Test
  void open_madeBeforeThereWereMigrations_everythingIsThere() throws Exception {
    madeBefore(
        resource("before-migrations.sql"),
        "insert into ledger values (x'01', 'spiffe://example.org/a', 'leaf', x'00', x'3000',"
            + " timestamp with time zone '2026-01-02 00:00:00+00',"
            + " timestamp with time zone '2026-01-01 00:00:00+00', null, 'why')",
        "insert into unfinished values (x'01')",
        "insert into root (label) values ('root-1')",
        "insert into issuing_key values ('issuing-1')",
        "insert into instance values (true, 77)");

    try (EmbeddedDatabase database = EmbeddedDatabase.open(directory);
        SqlIssuanceLedger ledger = new SqlIssuanceLedger(database)) {
      SqlAuthorityStore store = new SqlAuthorityStore(database);

      assertThat(store.ca()).contains(new CaRecord(new KeyLabel("root-1"), Optional.empty()));
      assertThat(store.issuing()).containsExactly(new KeyLabel("issuing-1"));
      assertThat(Cluster.join(database, new TestClock(), new SecureRandom()).serialPrefix())
          .isEqualTo(77);
      assertThat(ledger.find(FIRST).orElseThrow().intent().reason()).isEqualTo("why");
      assertThat(ledger.reconcile().first()).contains(FIRST);
      ledger.intend(IssuanceLedgerContract.intent(SECOND));
      assertThat(ledger.find(SECOND)).isPresent();
    }
  }

  // The version that did not record why.
  @Test
  void find_madeByTheVersionWithoutReasons_reasonEmpty() throws Exception {
    madeBefore(
        resource("before-migrations.sql"),
        "alter table ledger drop column reason",
        "insert into ledger values (x'01', 'spiffe://example.org/a', 'leaf', x'00', x'3000',"
            + " timestamp with time zone '2026-01-02 00:00:00+00',"
            + " timestamp with time zone '2026-01-01 00:00:00+00', null)");

    try (EmbeddedDatabase database = EmbeddedDatabase.open(directory);
        SqlIssuanceLedger ledger = new SqlIssuanceLedger(database)) {
      LedgerEntry entry = ledger.find(FIRST).orElseThrow();

      assertThat(entry.intent().reason()).isEmpty();
      assertThat(entry.intent().tbs()).isEqualTo(new byte[] {0x30, 0});
    }
  }

  // An update one replica after the other, or a step back.
  @Test
  void open_broughtUpToDateByALaterVersion_opensAndStaysSo() throws Exception {
    EmbeddedDatabase.open(directory).close();
    madeBefore(
        "insert into flyway_schema_history select 1 + max(installed_rank), '9999', 'later', 'SQL',"
            + " 'V9999__later.sql', 0, 'x', current_timestamp, 1, true"
            + " from flyway_schema_history");

    try (EmbeddedDatabase database = EmbeddedDatabase.open(directory)) {
      assertThat(versions(database)).contains("1", "9999");
    }
  }

  // H2 commits each statement by itself: a crash may leave one that was begun and not recorded.
  @Test
  void open_migrationsNotRecorded_appliedAgain() throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.open(directory);
        SqlIssuanceLedger ledger = new SqlIssuanceLedger(database)) {
      ledger.intend(IssuanceLedgerContract.intent(FIRST));
    }
    madeBefore("delete from flyway_schema_history");

    try (EmbeddedDatabase database = EmbeddedDatabase.open(directory);
        SqlIssuanceLedger ledger = new SqlIssuanceLedger(database)) {
      assertThat(ledger.find(FIRST)).isPresent();
      assertThat(versions(database)).contains("1", "2");
    }
  }

  @Test
  void open_again_eachMigrationOnce() throws Exception {
    EmbeddedDatabase.open(directory).close();

    try (EmbeddedDatabase database = EmbeddedDatabase.open(directory)) {
      assertThat(versions(database)).doesNotHaveDuplicates().contains("1");
    }
  }

  private void madeBefore(String... statements) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:h2:file:"
                    + directory.resolve("signet")
                    + ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        boolean _ = statement.execute(sql);
      }
    }
  }

  private static List<String> versions(Database database) throws SQLException {
    List<String> versions = new ArrayList<>();
    try (Connection connection = database.connect();
        Statement query = connection.createStatement();
        ResultSet rows = query.executeQuery("select version from flyway_schema_history")) {
      while (rows.next()) {
        versions.add(rows.getString(1));
      }
    }
    return versions;
  }

  private static String resource(String name) throws Exception {
    try (InputStream in =
        Objects.requireNonNull(MigrationsTest.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
