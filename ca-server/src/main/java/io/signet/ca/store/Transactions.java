package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import java.sql.Connection;
import java.sql.SQLException;

/** Reads and writes in a database, each on a connection of its own. Safe for many threads. */
final class Transactions {

  private final Database database;
  private final String what;

  /**
   * @param what is read and written, for messages
   */
  Transactions(Database database, String what) {
    this.database = database;
    this.what = what;
  }

  /** What is done on the connection. */
  interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  <T> T read(Work<T> work) throws LedgerException {
    try (Connection connection = database.connect()) {
      return work.on(connection);
    } catch (SQLException e) {
      throw new LedgerException(what + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** The same for a question that reads much, its rows some at a time. */
  <T> T readMuch(Work<T> work) throws LedgerException {
    try (Connection connection = database.connectToRead()) {
      connection.setAutoCommit(false); // or the driver of PostgreSQL takes all rows at once
      T result = work.on(connection);
      connection.rollback();
      return result;
    } catch (SQLException e) {
      throw new LedgerException(what + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Rows that are taken at once where there are many. */
  static final int SOME_ROWS = 2000;

  /** All of the work or nothing; on the disk when it returns. */
  <T> T write(Work<T> work) throws LedgerException {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      T result = committed(connection, work);
      return result;
    } catch (SQLException e) {
      throw new LedgerException(what + " cannot be written: " + e.getMessage(), e);
    }
  }

  private <T> T committed(Connection connection, Work<T> work) throws SQLException {
    try {
      T result = work.on(connection);
      database.commit(connection);
      return result;
    } catch (SQLException | RuntimeException e) {
      if (!connection.isClosed()) {
        connection.rollback();
      }
      throw e;
    }
  }
}
