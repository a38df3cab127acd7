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
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded database: H2 on one file, for one process. It ends when it is closed or fails, and
 * only a restart opens it again. Safe for use by many threads; each asks for its own connection.
 */
public final class Database implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Database.class);

  // H2's own commit may stay in this process: commit() brings it to the disk. As every commit is
  // forced, what it replaced need not be kept for H2's 45 s, in which the file would grow by 25 KB
  // for each certificate.
  // The cache, in KB: by itself H2 takes a sixteenth of the largest heap, for rows that nobody
  // reads.
  private static final String SETTINGS =
      ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH"
          + ";WRITE_DELAY=0;RETENTION_TIME=1000;DB_CLOSE_ON_EXIT=FALSE"
          + ";CACHE_SIZE=16384;TRACE_LEVEL_FILE=0;TRACE_LEVEL_SYSTEM_OUT=0";

  private static final String LOCKED = "90020";

  private final String url;
  private final Connection first;
  private @Nullable String ended;

  private Database(String url, Connection first) {
    this.url = url;
    this.first = first;
  }

  /**
   * Opens the database in this directory, or makes it.
   *
   * @throws LedgerException when another process has it open, or it cannot be read or written
   */
  public static Database open(Path directory) throws LedgerException {
    return open("file", directory);
  }

  /**
   * @param fileSystem one that H2 knows
   */
  static Database open(String fileSystem, Path directory) throws LedgerException {
    String url = "jdbc:h2:" + fileSystem + ":" + directory.resolve("signet").toAbsolutePath();
    try {
      Database database = new Database(url, DriverManager.getConnection(url + SETTINGS));
      database.create();
      return database;
    } catch (SQLException | IOException e) {
      throw new LedgerException(describe(directory, e), e);
    }
  }

  private void create() throws SQLException, IOException {
    try (Statement statement = first.createStatement()) {
      statement.execute(schema());
    } catch (SQLException | IOException e) {
      close();
      throw e;
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

  /**
   * Without the settings, which hold for the database as it is open: to set them again would empty
   * its cache each time.
   *
   * @throws SQLException when it has ended; H2 would open it again for whoever asks
   */
  synchronized Connection connect() throws SQLException {
    if (ended != null) {
      throw new SQLException(ended);
    }
    return DriverManager.getConnection(url);
  }

  /**
   * Commits, and forces what was committed to the disk: H2 by itself leaves that to the system.
   * Because of {@code WRITE_DELAY=0} nothing is written behind our back, so {@code checkpoint sync}
   * forces the file after its last write.
   *
   * @throws SQLException when nobody knows what is on the disk; the database has ended
   */
  void commit(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      connection.commit();
      statement.execute("checkpoint sync");
    } catch (SQLException | RuntimeException | Error e) {
      throw new SQLException(fail(e), e);
    }
  }

  /**
   * Ends it for good, because something failed that leaves in doubt what is on the disk. No later
   * success would tell: Linux reports a failed write once, and then takes what it could not write
   * for written. Opened again, it begins with what is in the file.
   *
   * @return why it has ended, which may be something that came before
   */
  synchronized String fail(Throwable cause) {
    if (ended == null) {
      ended = "the store failed (" + cause.getMessage() + "); check the disk, then restart";
      LOG.error("nothing is issued any more: {}", ended, cause);
      shutdown("shutdown immediately"); // writes nothing more
    }
    return ended;
  }

  /** Why nothing can be written any more; empty while it is open. */
  synchronized Optional<String> ended() {
    return Optional.ofNullable(ended);
  }

  /** Writes all that is left and closes the file; nothing opens it again. */
  @Override
  public synchronized void close() {
    if (ended == null) {
      ended = "the store is closed";
      shutdown("shutdown");
    }
  }

  // On the connection that is there: another one would open what may have been closed.
  private void shutdown(String how) {
    try (Statement statement = first.createStatement()) {
      statement.execute(how);
    } catch (SQLException e) {
      // Nothing is lost: what was promised was forced before the promise.
      LOG.warn("the store did not close in order: {}", e.getMessage());
    }
  }
}
