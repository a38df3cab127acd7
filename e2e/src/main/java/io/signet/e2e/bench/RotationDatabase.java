package io.signet.e2e.bench;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A PostgreSQL for several servers, whose work and journal are looked at. For one thread. */
final class RotationDatabase implements AutoCloseable {

  /**
   * What was written, as the database counts it; its sessions tell it of rows and transactions up
   * to a second later.
   *
   * @param rows inserted, updated and deleted, by table
   * @param transactions that were committed, reads too
   */
  record Writes(Map<String, Long> rows, long transactions, long walBytes) {

    Writes since(Writes before) {
      Map<String, Long> more = new TreeMap<>();
      rows.forEach((table, count) -> {
        long added = count - before.rows.getOrDefault(table, 0L);
        if (added > 0) {
          more.put(table, added);
        }
      });
      return new Writes(more, transactions - before.transactions, walBytes - before.walBytes);
    }

    /** Both together. */
    Writes and(Writes other) {
      Map<String, Long> sum = new TreeMap<>(rows);
      other.rows.forEach((table, count) -> sum.merge(table, count, Long::sum));
      return new Writes(sum, transactions + other.transactions, walBytes + other.walBytes);
    }

    long allRows() {
      return rows.values().stream().mapToLong(n -> n).sum();
    }
  }

  /**
   * One of the journal.
   *
   * @param over whether nothing is left to do
   */
  record Step(long number, String phase, Instant at, boolean over) {}

  private final EmbeddedPostgres server;
  private final Connection connection;
  private final long pid;

  private RotationDatabase(EmbeddedPostgres server, Connection connection, long pid) {
    this.server = server;
    this.connection = connection;
    this.pid = pid;
  }

  static RotationDatabase start() throws IOException, BenchException {
    EmbeddedPostgres server = DurablePostgres.start();
    try {
      Connection connection = looking(server.getPostgresDatabase().getConnection());
      return new RotationDatabase(server, connection, pid(connection));
    } catch (SQLException e) {
      server.close();
      throw new BenchException("PostgreSQL does not answer: " + e.getMessage(), e);
    }
  }

  // In one transaction without an end, so that what we ask is not among those that are counted; it
  // sees what others commit all the same.
  private static Connection looking(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean _ = statement.execute("set stats_fetch_consistency = none");
    }
    connection.setAutoCommit(false);
    return connection;
  }

  // The first line of its file is the process that all others belong to.
  private static long pid(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select pg_read_file('postmaster.pid')")) {
      row.next();
      return Long.parseLong(row.getString(1).lines().findFirst().orElseThrow().strip());
    }
  }

  /** The section {@code store} of a server. */
  String store() {
    return """
    store: { url: "%s", user: %s }
    """
        .formatted(DurablePostgres.url(server), DurablePostgres.USER);
  }

  /** Of all its processes, in ticks of a hundredth of a second. */
  long cpuTicks() throws BenchException {
    return ProcessUsage.cpuTicksOfAll(pid);
  }

  Writes writes() throws BenchException {
    try {
      return new Writes(rows(), transactions(), walBytes());
    } catch (SQLException e) {
      throw new BenchException("PostgreSQL does not say what it has written", e);
    }
  }

  private Map<String, Long> rows() throws SQLException {
    Map<String, Long> rows = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select relname, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables")) {
      while (row.next()) {
        rows.put(row.getString(1), row.getLong(2));
      }
    }
    return rows;
  }

  private long transactions() throws SQLException {
    return number("select xact_commit from pg_stat_database where datname = current_database()");
  }

  private long walBytes() throws SQLException {
    return number("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint");
  }

  private long number(String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** The steps after this one. */
  List<Step> stepsAfter(long number) throws BenchException {
    List<Step> steps = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select number, phase, made_at, other is null from rotation_journal"
                    + " where number > "
                    + number
                    + " order by number")) {
      while (row.next()) {
        steps.add(
            new Step(
                row.getLong(1),
                row.getString(2),
                row.getTimestamp(3).toInstant(),
                row.getString(2).equals("steady") && row.getBoolean(4)));
      }
      return steps;
    } catch (SQLException e) {
      throw new BenchException("the journal cannot be read", e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IOException(e);
    } finally {
      server.close();
    }
  }
}
