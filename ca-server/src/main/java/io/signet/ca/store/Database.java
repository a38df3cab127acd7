package io.signet.ca.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the store is. What fails in a way that leaves in doubt what was written ends it; {@link
 * #reopen} goes on where that is safe. Safe for use by many threads; each asks for its own
 * connection.
 */
public sealed interface Database extends AutoCloseable permits EmbeddedDatabase, PostgresDatabase {

  /**
   * What marks the rows in it that are this server's alone, such as the intents that it has open;
   * empty where there is no other server.
   */
  String replica();

  /**
   * A connection for the caller alone, to be closed by it.
   *
   * @throws SQLException when the database has ended, or does not answer
   */
  Connection connect() throws SQLException;

  /**
   * The same for a question that reads much: it has more time than others, and none of the
   * connections that those need.
   *
   * @throws SQLException as for {@link #connect}, which does not end it
   */
  Connection connectToRead() throws SQLException;

  /**
   * Commits. When this returns, what was committed survives a crash of the process and of the
   * machine.
   *
   * @throws SQLException when nobody knows what is on the disk; the database has ended
   */
  void commit(Connection connection) throws SQLException;

  /**
   * Does some of the work that keeps the store small; called now and then before a commit, by one
   * thread.
   */
  void tidy(Connection connection) throws SQLException;

  /**
   * Ends it, because something failed that leaves in doubt what was written.
   *
   * @return why it has ended, which may be something that came before
   */
  String fail(Throwable cause);

  /** Why nothing can be written now; empty while it is open. */
  Optional<String> ended();

  /** How long it is left alone after it has ended, before it is opened again. */
  Duration rest();

  /**
   * Opens it again after it has ended, where that is safe and it takes writes; else nothing
   * changes.
   */
  void reopen();

  /** Ends it in order; nothing opens it again. */
  @Override
  void close();
}
