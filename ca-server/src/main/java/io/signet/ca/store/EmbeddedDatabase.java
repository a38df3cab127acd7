package io.signet.ca.store;

import static org.slf4j.event.Level.DEBUG;
import static org.slf4j.event.Level.ERROR;

import io.signet.ca.ledger.LedgerException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.h2.engine.Session;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.jdbcx.JdbcDataSource;
import org.h2.mvstore.MVStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The embedded database: H2 on one file, for one process. */
public final class EmbeddedDatabase implements Database {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);

  // H2's own commit may stay in this process: commit() brings it to the disk. As every commit is
  // forced, what it replaced need not be kept for H2's 45 s, in which the file would grow by 25 KB
  // for each certificate.
  // The cache, in KB: by itself H2 takes a sixteenth of the largest heap, for rows that nobody
  // reads.
  private static final String SETTINGS =
      ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH"
          + ";WRITE_DELAY=0;RETENTION_TIME=1000;DB_CLOSE_ON_EXIT=FALSE"
          + ";CACHE_SIZE=16384;TRACE_LEVEL_FILE=0;TRACE_LEVEL_SYSTEM_OUT=0";

  static {
    // No address has this one. What is cached are values that come again; ours hardly do, and to
    // look for each takes a tenth of the ledger's time.
    var _ = System.setProperty("h2.objectCache", "false");
  }

  private static final Duration REST = Duration.ofSeconds(5);

  private static final String LOCKED = "90020";

  // In percent of a part of the file, and in bytes: a few milliseconds of work.
  private static final int LEAST_IN_USE = 50;
  private static final int TIDIED_AT_ONCE = 256 * 1024;

  private static final String PAUSED =
      "the store failed (%s); it is opened again when the disk takes writes: check %s";
  private static final String LOST =
      "the store failed (%s) and what it wrote may be lost; check the disk, then restart";

  private final String url;
  private final Path file;
  private @Nullable Opened opened;
  private String ended = "the store was never opened";
  private boolean migrated;
  private boolean forGood;
  private boolean reopening;

  /** H2 while it is open, by a connection that keeps it so, and its file. */
  private record Opened(Connection connection, StoreFile file) {}

  private EmbeddedDatabase(String fileSystem, Path directory) {
    Path name = directory.resolve("signet").toAbsolutePath();
    this.url = "jdbc:h2:" + fileSystem + ":" + name;
    this.file = Path.of(name + ".mv.db");
  }

  /**
   * Opens the database in this directory, or makes it.
   *
   * @throws LedgerException when another process has it open, or it cannot be read or written
   */
  public static EmbeddedDatabase open(Path directory) throws LedgerException {
    return open("file", directory);
  }

  /**
   * @param fileSystem one that H2 knows
   */
  static EmbeddedDatabase open(String fileSystem, Path directory) throws LedgerException {
    EmbeddedDatabase database = new EmbeddedDatabase(fileSystem, directory);
    try {
      database.open();
      return database;
    } catch (SQLException | IOException e) {
      throw new LedgerException(describe(directory, e), e);
    }
  }

  private synchronized void open() throws SQLException, IOException {
    Connection connection = DriverManager.getConnection(url + SETTINGS);
    try {
      opened = new Opened(connection, StoreFile.hold(file));
      migrate();
    } catch (SQLException | IOException e) {
      shutdown(connection, "shutdown immediately");
      if (opened != null) {
        close(opened.file());
        opened = null;
      }
      throw e;
    }
  }

  // Once: what it opens again has them.
  private void migrate() throws SQLException {
    if (!migrated) {
      JdbcDataSource connections = new JdbcDataSource();
      connections.setURL(url);
      Migrations.apply(connections);
      migrated = true;
    }
  }

  private static String describe(Path directory, Exception e) {
    return e instanceof SQLException sql && LOCKED.equals(sql.getSQLState())
        ? "data directory " + directory + " is in use by another process"
        : "store in " + directory + " cannot be opened: " + reason(e);
  }

  // As what an earlier version has left.
  @Override
  public String replica() {
    return "";
  }

  /**
   * Without the settings, which hold for the database as it is open: to set them again would empty
   * its cache each time.
   *
   * @throws SQLException when it has ended; H2 would open it again for whoever asks
   */
  @Override
  public synchronized Connection connect() throws SQLException {
    Opened _ = opened();
    return DriverManager.getConnection(url);
  }

  @Override
  public Connection connectToRead() throws SQLException {
    return connect();
  }

  /**
   * Has H2 write some pages again with the next commit, from where most is of no use any more, so
   * that the file can be used there. H2 does it by itself only from a thread that would write
   * behind our back, and forces nothing.
   */
  @Override
  public void tidy(Connection connection) throws SQLException {
    Session session = connection.unwrap(JdbcConnection.class).getSession();
    MVStore store = ((SessionLocal) session).getDatabase().getStore().getMvStore();
    boolean _ = store.compact(LEAST_IN_USE, TIDIED_AT_ONCE);
  }

  /**
   * Commits, and forces what was committed to the disk: H2 by itself leaves that to the system.
   * Because of {@code WRITE_DELAY=0} nothing is written behind our back, so {@code checkpoint sync}
   * forces the file after its last write.
   *
   * @throws SQLException when nobody knows what is on the disk; the database has ended
   */
  @Override
  public void commit(Connection connection) throws SQLException {
    try {
      connection.commit();
    } catch (SQLException | RuntimeException | Error e) {
      throw new SQLException(fail(e), e);
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("checkpoint sync");
      opened().file().confirmFlush();
    } catch (SQLException | IOException | RuntimeException | Error e) {
      throw new SQLException(end(e, true), e);
    }
  }

  private synchronized Opened opened() throws SQLException {
    if (opened == null) {
      throw new SQLException(ended);
    }
    return opened;
  }

  @Override
  public String fail(Throwable cause) {
    return end(cause, false);
  }

  // For good after a flush that failed, of ours or, as the system tells, of anybody: what did not
  // come to the disk is reported once and then taken for written. No later success would prove
  // anything, and H2 would build upon what it reads from memory.
  private synchronized String end(Throwable cause, boolean flushing) {
    if (opened != null) {
      Opened was = opened;
      opened = null;
      shutdown(was.connection(), "shutdown immediately"); // writes nothing more
      forGood = !isOnDisk(was.file()) || flushing;
      ended = (forGood ? LOST : PAUSED).formatted(reason(cause), file.getParent());
      LOG.atLevel(reopening ? DEBUG : ERROR).setCause(cause).log("nothing is issued: {}", ended);
    }
    return ended;
  }

  // H2 tells where it failed, and what it wraps tells why, such as that no space is left.
  private static String reason(Throwable cause) {
    @Nullable Throwable below = below(cause);
    return below == null ? String.valueOf(cause.getMessage()) : reason(below);
  }

  // Of a batch the driver tells beside, and not below, why it failed.
  private static @Nullable Throwable below(Throwable failure) {
    return failure instanceof BatchUpdateException batch && batch.getCause() == null
        ? batch.getNextException()
        : failure.getCause();
  }

  private static boolean isOnDisk(StoreFile file) {
    try (file) {
      file.force();
      return true;
    } catch (IOException e) {
      LOG.error("what was written to the store is not on the disk", e);
      return false;
    }
  }

  @Override
  public Duration rest() {
    return REST;
  }

  /**
   * Opens it again after a failure, where that is safe and the disk takes writes; else nothing
   * changes. It begins with what is in the file, as a restart would.
   */
  @Override
  public synchronized void reopen() {
    if (opened != null || forGood) {
      return;
    }
    reopening = true;
    try {
      open();
      probe();
      LOG.warn("the store is open again");
    } catch (SQLException | IOException e) {
      LOG.debug("the store cannot be opened again yet", e);
    } finally {
      reopening = false;
    }
  }

  // A full disk can be read: only a write tells whether there is room again.
  private void probe() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("insert into unfinished (serial) values (x'00')");
      statement.execute("delete from unfinished where serial = x'00'");
      commit(connection);
    }
  }

  @Override
  public synchronized Optional<String> ended() {
    return opened == null ? Optional.of(ended) : Optional.empty();
  }

  /** Writes all that is left and closes the file; nothing opens it again. */
  @Override
  public synchronized void close() {
    forGood = true;
    if (opened != null) {
      Opened was = opened;
      opened = null;
      ended = "the store is closed";
      shutdown(was.connection(), "shutdown");
      close(was.file());
    }
  }

  private static void close(StoreFile file) {
    try {
      file.close();
    } catch (IOException e) {
      LOG.warn("the store's file did not close in order: {}", e.getMessage());
    }
  }

  // On the connection that is there: another one would open what may have been closed.
  private static void shutdown(Connection connection, String how) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(how);
    } catch (SQLException e) {
      // Nothing is lost: what was promised was forced before the promise.
      LOG.warn("the store did not close in order: {}", e.getMessage());
    }
  }
}
