package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;

/**
 * The embedded database: H2 on one file, for one process. Safe for use by many threads; each asks
 * for its own connection.
 */
public final class Database implements AutoCloseable {

  // A commit alone may stay in this process: sync() brings it to the disk. As every commit is
  // synced, what it replaced need not be kept for H2's 45 s, in which the file would grow by 25 KB
  // for each certificate.
  // The cache, in KB: by itself H2 takes a sixteenth of the largest heap, for rows that nobody
  // reads.
  private static final String SETTINGS =
      ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH"
          + ";WRITE_DELAY=0;RETENTION_TIME=1000;DB_CLOSE_ON_EXIT=FALSE;DB_CLOSE_DELAY=-1"
          + ";CACHE_SIZE=16384;TRACE_LEVEL_FILE=0;TRACE_LEVEL_SYSTEM_OUT=0";

  private static final String LOCKED = "90020";

  private final String url;
  private volatile boolean closed;

  private Database(String url) {
    this.url = url;
  }

  /**
   * Opens the database in this directory, or makes it.
   *
   * @throws LedgerException when another process has it open, or it cannot be read or written
   */
  public static Database open(Path directory) throws LedgerException {
    Database database =
        new Database("jdbc:h2:file:" + directory.resolve("signet").toAbsolutePath() + SETTINGS);
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(schema());
      return database;
    } catch (SQLException | IOException e) {
      throw new LedgerException(describe(directory, e), e);
    }
  }

  private static String describe(Path directory, Exception e) {
    return e instanceof SQLException sql && LOCKED.equals(sql.getSQLState())
        ? "data directory " + directory + " is in use by another process"
        : "store in " + directory + " cannot be opened: " + e.getMessage();
  }

  private static String schema() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(Database.class.getResourceAsStream("schema.sql"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  Connection connect() throws SQLException {
    if (closed) {
      throw new SQLException("the store is closed"); // H2 would open it again
    }
    return DriverManager.getConnection(url);
  }

  /**
   * Forces all that was committed to the disk: H2 by itself leaves that to the system. Because of
   * {@code WRITE_DELAY=0} nothing is written behind our back, so {@code checkpoint sync} forces the
   * file after its last write.
   */
  static void sync(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("checkpoint sync");
    }
  }

  /** Writes all that is left and closes the file; nothing opens it again. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute("shutdown");
    } catch (SQLException e) {
      // Nothing is lost: what was promised was synced before the promise.
      System.getLogger(Database.class.getName())
          .log(System.Logger.Level.WARNING, "the store did not close in order", e);
    } finally {
      closed = true;
    }
  }
}
