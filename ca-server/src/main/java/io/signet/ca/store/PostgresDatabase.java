package io.signet.ca.store;

import com.google.common.base.Throwables;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.store.PostgresConnections.Patience;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL, for several servers at once. It ends when a connection or a commit fails, so that
 * whoever comes then is refused at once instead of waiting, and goes on as soon as the server
 * answers. No call takes longer than a few seconds, but for those that read much.
 */
public final class PostgresDatabase implements Database {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresDatabase.class);

  private static final int CONNECTIONS = 8;
  private static final Duration FOR_A_CONNECTION = Duration.ofSeconds(3);
  private static final Duration REST = Duration.ofSeconds(1);

  private static final String CLOSED = "the store is closed";

  private final PostgresSettings settings;
  private final HikariDataSource pool;
  private final ReplicaId replica;
  private @Nullable String ended;
  private @Nullable String barred;
  private @Nullable String forgotten;
  private @Nullable Integer prefix;
  private boolean closed;

  private PostgresDatabase(PostgresSettings settings, ReplicaId replica) {
    this.settings = settings;
    this.replica = replica;
    this.pool = new HikariDataSource(pool(settings));
  }

  /**
   * Opens it, and makes or updates its tables.
   *
   * @param replica which of the servers at it this one is
   * @throws StoreAwayException when it does not answer, and may later
   * @throws LedgerException when it is no use to try again: it refuses the user, or is no database
   *     of ours
   */
  public static PostgresDatabase open(PostgresSettings settings, ReplicaId replica)
      throws LedgerException {
    try {
      Migrations.applyAmongOthers(new PostgresConnections(settings, Patience.WORK));
      return new PostgresDatabase(settings, replica);
    } catch (SQLException e) {
      String why = settings.where() + " cannot be opened: " + reason(e);
      throw mayComeBack(e) ? new StoreAwayException(why, e) : new LedgerException(why, e);
    }
  }

  // PostgreSQL, appendix A: no connection, no resources, a server that starts or stops.
  private static boolean mayComeBack(SQLException e) {
    return told(e)
        .map(SQLException::getSQLState)
        .filter(
            state -> state.startsWith("08") || state.startsWith("53") || state.startsWith("57P"))
        .isPresent();
  }

  private static HikariConfig pool(PostgresSettings settings) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("signet");
    config.setDataSource(new PostgresConnections(settings, Patience.STANDARD));
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(FOR_A_CONNECTION.toMillis());
    config.setValidationTimeout(FOR_A_CONNECTION.toMillis() - 1);
    config.setInitializationFailTimeout(-1); // whoever asks for the first connection is told
    return config;
  }

  @Override
  public String replica() {
    return replica.value();
  }

  /** A connection to keep, beside those for which others may have to wait. */
  Connection dedicated() throws SQLException {
    return new PostgresConnections(settings, Patience.STANDARD).getConnection();
  }

  /** Nothing may be written until {@link #admit}, because another process is this replica. */
  synchronized void bar(String why) {
    if (barred == null) {
      LOG.error("nothing is issued: {}", why);
    }
    barred = why;
  }

  /** This process is its replica. */
  synchronized void admit() {
    barred = null;
  }

  /**
   * This replica is entered: from now on nothing is written again after a failure before it is
   * certain that it still is.
   *
   * @param given the first byte of its serial numbers
   */
  synchronized void entered(int given) {
    prefix = given;
  }

  /**
   * The others have forgotten this replica. It must not go on under a prefix that another may have
   * by now, nor with keys that another has destroyed: until a restart nothing may be written.
   *
   * @return why
   */
  synchronized String forgotten() {
    if (forgotten == null) {
      forgotten =
          "replica %s was silent for so long that it was forgotten; restart it".formatted(replica);
      LOG.error("nothing is issued: {}", forgotten);
    }
    return forgotten;
  }

  /**
   * Returns when this replica is still entered, or never was.
   *
   * @throws SQLException when it was forgotten, or nobody knows
   */
  void requireEntered(Connection connection) throws SQLException {
    Integer given = prefix();
    if (given != null && !isEntered(connection, given)) {
      throw new SQLException(forgotten());
    }
  }

  private synchronized @Nullable Integer prefix() {
    return prefix;
  }

  private boolean isEntered(Connection connection, int given) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("select 1 from replica where id = ? and serial_prefix = ?")) {
      query.setString(1, replica.value());
      query.setInt(2, given);
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }

  @Override
  public Connection connect() throws SQLException {
    requireOpen();
    try {
      return pool.getConnection();
    } catch (SQLException e) {
      throw isFull() ? new NoneFreeException(noneFree(), e) : new SQLException(fail(e), e);
    }
  }

  @Override
  public Connection connectToRead() throws SQLException {
    requireOpen();
    return new PostgresConnections(settings, Patience.READING).getConnection();
  }

  // One that fails leaves the pool, so those in a full one are all at work.
  private boolean isFull() {
    return !pool.isClosed() && pool.getHikariPoolMXBean().getTotalConnections() >= CONNECTIONS;
  }

  private String noneFree() {
    return "all %d connections to %s are at work (expected: one that is free within %s)"
        .formatted(CONNECTIONS, settings.where(), FOR_A_CONNECTION);
  }

  /** The database is there, but others have all connections to it. */
  private static final class NoneFreeException extends SQLException {
    private static final long serialVersionUID = 1L;

    NoneFreeException(String message, SQLException cause) {
      super(message, cause);
    }
  }

  private void requireOpen() throws SQLException {
    Optional<String> why = ended();
    if (why.isPresent()) {
      throw new SQLException(why.get());
    }
  }

  @Override
  public void commit(Connection connection) throws SQLException {
    try {
      connection.commit();
    } catch (SQLException | RuntimeException | Error e) {
      throw new SQLException(fail(e), e);
    }
  }

  @Override
  public void tidy(Connection connection) {
    // The server does it by itself.
  }

  @Override
  public synchronized String fail(Throwable cause) {
    if (cause instanceof NoneFreeException) {
      return String.valueOf(cause.getMessage());
    }
    Optional<String> kept = keptOut();
    if (kept.isPresent()) {
      return kept.get();
    }
    if (ended == null) {
      ended =
          "%s failed (%s); it is used again as soon as it answers"
              .formatted(settings.where(), reason(cause));
      LOG.error("nothing is issued: {}", ended, cause);
      forgetConnections();
    }
    return ended;
  }

  // Each may be to a server that is not the one to write to any more.
  private void forgetConnections() {
    if (!pool.isClosed() && pool.getHikariPoolMXBean() != null) {
      pool.getHikariPoolMXBean().softEvictConnections();
    }
  }

  @Override
  public synchronized Optional<String> ended() {
    return keptOut().or(() -> Optional.ofNullable(ended));
  }

  private synchronized Optional<String> keptOut() {
    return Optional.ofNullable(forgotten).or(() -> Optional.ofNullable(barred));
  }

  @Override
  public Duration rest() {
    return REST;
  }

  // Not under the lock: whoever asks meanwhile is to be refused, and not to wait.
  @Override
  public void reopen() {
    try (Connection probe = new PostgresConnections(settings, Patience.PROBE).getConnection()) {
      requireEntered(probe);
      goOn();
    } catch (SQLException e) {
      LOG.debug("the database does not answer yet", e);
    }
  }

  private synchronized void goOn() {
    if (!closed && ended != null) {
      ended = null;
      LOG.warn("{} answers again", settings.where());
    }
  }

  /** What the server or the driver said, on one line; of what wraps it nothing. */
  private static String reason(Throwable cause) {
    String message =
        told(cause).map(SQLException::getMessage).orElse(String.valueOf(cause.getMessage()));
    return message.lines().findFirst().orElse(message);
  }

  private static Optional<SQLException> told(Throwable failure) {
    return Throwables.getCausalChain(failure).reversed().stream()
        .filter(SQLException.class::isInstance)
        .map(SQLException.class::cast)
        .findFirst();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      ended = CLOSED;
    }
    pool.close();
  }
}
