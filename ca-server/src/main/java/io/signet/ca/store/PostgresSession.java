package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Leadership;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection of its own, by which this process has what only one may have: its id, and at times
 * the lead. Whatever ends the connection ends both at the same moment, on the server too; and so
 * does silence, for the machine of a process that is frozen goes on to answer for it. Safe for use
 * by many threads, one at a time.
 */
final class PostgresSession implements Leadership, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresSession.class);

  private static final int ANSWERS_WITHIN_SECONDS = 2;
  private static final long PAUSE_MILLIS = 200;

  // It says something every two seconds.
  private static final Duration SILENCE = Duration.ofSeconds(10);

  private static final String KEY =
      "hashtextextended('signet ' || current_schema() || ' ' || ?, 0)";

  // Not those of other schemas; and of this one only the one that holds it.
  private static final String HOLDER =
      "select a.pid, coalesce(host(a.client_addr), 'this machine') from pg_locks l"
          + " join pg_stat_activity a on a.pid = l.pid"
          + " where l.locktype = 'advisory' and l.granted and l.objsubid = 1"
          + " and l.database = (select oid from pg_database where datname = current_database())"
          + " and ((l.classid::bigint << 32) | l.objid::bigint) = "
          + KEY;

  private final PostgresDatabase database;
  private final Duration silence;
  private final String mine;
  private @Nullable Connection connection;
  private boolean leading;
  private boolean closed;

  private PostgresSession(PostgresDatabase database, Duration silence) {
    this.database = database;
    this.silence = silence;
    this.mine = "replica " + database.replica();
  }

  /**
   * Takes the id of this server, as soon as no other process has it.
   *
   * @throws LedgerException when after this time another one still has it
   */
  static PostgresSession open(PostgresDatabase database, Duration patience) throws LedgerException {
    return open(database, patience, SILENCE);
  }

  /**
   * The same.
   *
   * @param silence after which the process counts as gone
   */
  static PostgresSession open(PostgresDatabase database, Duration patience, Duration silence)
      throws LedgerException {
    PostgresSession session = new PostgresSession(database, silence);
    long since = System.nanoTime();
    while (true) {
      try {
        session.keep();
        return session;
      } catch (SQLException e) {
        if (System.nanoTime() - since >= patience.toNanos()) {
          throw new LedgerException(String.valueOf(e.getMessage()), e);
        }
        pause(e);
      }
    }
  }

  private static void pause(SQLException why) throws LedgerException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LedgerException(String.valueOf(why.getMessage()), why);
    }
  }

  /**
   * Returns when the id is this process's.
   *
   * @throws SQLException when another process has it, and then nothing is written here any more, or
   *     when nobody knows
   */
  synchronized void keep() throws SQLException {
    Connection _ = alive();
  }

  private Connection alive() throws SQLException {
    Connection open = connection;
    if (open != null && open.isValid(ANSWERS_WITHIN_SECONDS)) {
      return open;
    }
    lose();
    if (closed) {
      throw new SQLException("the store is closed");
    }
    return anew();
  }

  private Connection anew() throws SQLException {
    Connection fresh = database.dedicated();
    try {
      limit(fresh);
      if (!take(fresh, mine)) {
        throw taken(fresh);
      }
      database.requireEntered(fresh);
      database.admit();
      connection = fresh;
      return fresh;
    } catch (SQLException | RuntimeException | Error e) {
      close(fresh);
      throw e;
    }
  }

  private void limit(Connection fresh) throws SQLException {
    try (PreparedStatement setting =
        fresh.prepareStatement("select set_config('idle_session_timeout', ?, false)")) {
      setting.setString(1, silence.toMillis() + "ms");
      boolean _ = setting.execute();
    }
  }

  private SQLException taken(Connection fresh) throws SQLException {
    String why =
        "replica id %s is used by another process (%s); each server needs a data-dir of its own"
            .formatted(database.replica(), holder(fresh).orElse("which has just ended"));
    database.bar(why);
    return new SQLException(why);
  }

  private Optional<String> holder(Connection fresh) throws SQLException {
    try (PreparedStatement query = fresh.prepareStatement(HOLDER)) {
      query.setString(1, mine);
      try (ResultSet row = query.executeQuery()) {
        return row.next()
            ? Optional.of("connection %d from %s".formatted(row.getInt(1), row.getString(2)))
            : Optional.empty();
      }
    }
  }

  private static boolean take(Connection connection, String what) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("select pg_try_advisory_lock(" + KEY + ")")) {
      query.setString(1, what);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  @Override
  public synchronized boolean leads() {
    try {
      Connection open = alive();
      if (!leading) {
        leading = take(open, "leader");
        if (leading) LOG.info("replica {} leads", database.replica());
      }
      return leading;
    } catch (SQLException e) {
      LOG.debug("it cannot lead", e);
      lose();
      return false;
    }
  }

  private void lose() {
    if (leading && !closed) {
      LOG.warn("replica {} does not lead any more", database.replica());
    }
    leading = false;
    Connection was = connection;
    connection = null;
    if (was != null) {
      close(was);
    }
  }

  private static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      LOG.debug("the session's connection did not close in order", e);
    }
  }

  // A server learns a little later that a connection was closed, and whoever comes next need not
  // wait for that.
  @Override
  public synchronized void close() {
    closed = true;
    Connection open = connection;
    if (open != null) {
      release(open);
    }
    lose();
  }

  private static void release(Connection open) {
    try (Statement statement = open.createStatement()) {
      boolean _ = statement.execute("select pg_advisory_unlock_all()");
    } catch (SQLException e) {
      LOG.debug("the id is free when the server notices", e);
    }
  }
}
