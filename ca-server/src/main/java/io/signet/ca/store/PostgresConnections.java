package io.signet.ca.store;

import io.signet.spiffe.SecretAccess;
import io.signet.spiffe.SecretBytes;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * Makes new connections to PostgreSQL. Whatever hangs on one ends when its patience does:
 * connecting, a statement, the network. Safe for use by many threads.
 */
final class PostgresConnections implements DataSource {

  // In seconds, to have a statement cancelled over a connection of its own.
  private static final int CANCEL = 1;

  /**
   * How long one waits.
   *
   * @param connect for a server to take the connection
   * @param statement for a statement's end; zero: for ever
   * @param network for any answer; zero: for ever. Longer than {@code statement}, as a statement
   *     that the server gives up leaves the connection of use
   */
  record Patience(Duration connect, Duration statement, Duration network) {
    static final Patience STANDARD =
        new Patience(Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(4));

    /** For a question that reads all certificates that are valid. */
    static final Patience READING =
        new Patience(Duration.ofSeconds(2), Duration.ofSeconds(20), Duration.ofSeconds(25));

    /** To ask whether it is there at all. */
    static final Patience PROBE =
        new Patience(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1));

    /** For what takes as long as it takes, such as a new index on a large table. */
    static final Patience WORK = new Patience(Duration.ofSeconds(2), Duration.ZERO, Duration.ZERO);
  }

  private final PostgresSettings settings;
  private final Patience patience;
  private final Driver driver = new Driver();

  PostgresConnections(PostgresSettings settings, Patience patience) {
    this.settings = settings;
    this.patience = patience;
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection connection = driver.connect(settings.url(), properties());
    if (connection == null) {
      throw new SQLException(settings.url() + ": no address of a PostgreSQL");
    }
    try {
      setUp(connection);
      return connection;
    } catch (SQLException | RuntimeException | Error e) {
      connection.close();
      throw e;
    }
  }

  // A commit that is not on the disk is none (ISS-2), and a server that waits for more than its own
  // disk shall go on to. A client that has vanished must not keep its locks for the two hours that
  // TCP takes by itself.
  private void setUp(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean _ =
          statement.execute(
              """
              select set_config('statement_timeout', '%dms', false),
                set_config('idle_in_transaction_session_timeout', '10s', false),
                set_config('tcp_keepalives_idle', '5', false),
                set_config('tcp_keepalives_interval', '2', false),
                set_config('tcp_keepalives_count', '3', false),
                set_config('synchronous_commit', case
                  when current_setting('synchronous_commit') in ('off', 'local') then 'on'
                  else current_setting('synchronous_commit') end, false)
              """
                  .formatted(patience.statement().toMillis()));
    }
  }

  private Properties properties() throws SQLException {
    Properties properties = new Properties();
    PGProperty.USER.set(properties, settings.user());
    PGProperty.APPLICATION_NAME.set(properties, "signet");
    PGProperty.TARGET_SERVER_TYPE.set(properties, "primary");
    PGProperty.CONNECT_TIMEOUT.set(properties, seconds(patience.connect()));
    PGProperty.SOCKET_TIMEOUT.set(properties, seconds(patience.network()));
    PGProperty.CANCEL_SIGNAL_TIMEOUT.set(properties, CANCEL);
    PGProperty.TCP_KEEP_ALIVE.set(properties, true);
    PGProperty.REWRITE_BATCHED_INSERTS.set(properties, true);
    if (settings.password().isPresent()) {
      PGProperty.PASSWORD.set(properties, password(settings.password().get()));
    }
    return properties;
  }

  private static int seconds(Duration duration) {
    return Math.toIntExact(duration.toSeconds());
  }

  private static String password(PostgresSettings.Password place) throws SQLException {
    try {
      SecretBytes secret = place.read();
      byte[] bytes = secret.reveal(SecretAccess.grant());
      secret.destroy();
      String password = new String(bytes, StandardCharsets.UTF_8); // the driver takes nothing else
      Arrays.fill(bytes, (byte) 0);
      return password;
    } catch (IOException e) {
      throw new SQLException("the password cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException("the user is " + settings.user());
  }

  @Override
  public @Nullable PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(PrintWriter out) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public void setLoginTimeout(int seconds) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public int getLoginTimeout() {
    return 0;
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLException(type + ": not wrapped");
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}
