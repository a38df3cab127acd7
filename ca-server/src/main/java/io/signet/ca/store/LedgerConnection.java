package io.signet.ca.store;

import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.SerialTakenException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger writer's connection with its prepared statements; used by one thread. */
final class LedgerConnection implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(LedgerConnection.class);

  private static final String DUPLICATE_KEY = "23505";

  private final Database database;
  private final Connection connection;
  private final PreparedStatement intend;
  private final PreparedStatement open;
  private final PreparedStatement issue;
  private final PreparedStatement finish;

  private LedgerConnection(Database database, Connection connection) throws SQLException {
    this.database = database;
    this.connection = connection;
    connection.setAutoCommit(false);
    intend =
        connection.prepareStatement(
            "insert into ledger (serial, id, profile, issuer_key_id, tbs, not_after, intended_at)"
                + " values (?, ?, ?, ?, ?, ?, ?)");
    open = connection.prepareStatement("insert into unfinished (serial) values (?)");
    issue =
        connection.prepareStatement(
            "update ledger set signature = ? where serial = ? and signature is null");
    finish = connection.prepareStatement("delete from unfinished where serial = ?");
  }

  static LedgerConnection open(Database database) throws SQLException {
    Connection connection = database.connect();
    try {
      return new LedgerConnection(database, connection);
    } catch (SQLException | RuntimeException | Error e) {
      close(connection);
      throw e;
    }
  }

  /**
   * All or none; on the disk when it returns.
   *
   * @throws LedgerException when one of them is refused for what it is; none is written
   * @throws SQLException when anything else failed; some or all may be written
   */
  void commit(List<LedgerWrite> writes) throws SQLException, LedgerException {
    try {
      for (LedgerWrite write : writes) {
        apply(write);
      }
    } catch (LedgerException e) {
      connection.rollback();
      throw e;
    }
    // After every group: H2 may reuse the place of what was replaced, and would otherwise do so
    // before the replacement is on the disk.
    database.commit(connection);
  }

  private void apply(LedgerWrite write) throws SQLException, LedgerException {
    switch (write) {
      case LedgerWrite.Intended(Intent intent) -> insert(intent);
      case LedgerWrite.Issued issued -> update(issued);
    }
  }

  private void insert(Intent intent) throws SQLException, LedgerException {
    byte[] serial = intent.serial().value().toByteArray();
    intend.setBytes(1, serial);
    intend.setString(2, intent.id().toString());
    intend.setString(3, intent.profile());
    intend.setBytes(4, intent.issuerKeyId());
    intend.setBytes(5, intent.tbs());
    intend.setObject(6, utc(intent.notAfter()));
    intend.setObject(7, utc(intent.at()));
    open.setBytes(1, serial);
    try {
      intend.executeUpdate();
      open.executeUpdate();
    } catch (SQLException e) {
      if (DUPLICATE_KEY.equals(e.getSQLState())) {
        throw new SerialTakenException(intent.serial());
      }
      throw e;
    }
  }

  private void update(LedgerWrite.Issued issued) throws SQLException, LedgerException {
    byte[] serial = issued.serial().value().toByteArray();
    issue.setBytes(1, issued.signature());
    issue.setBytes(2, serial);
    if (issue.executeUpdate() != 1) {
      throw new LedgerException("no open intent for serial number " + issued.serial());
    }
    finish.setBytes(1, serial);
    finish.executeUpdate();
  }

  private static OffsetDateTime utc(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }

  @Override
  public void close() {
    close(connection);
  }

  private static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      LOG.debug("the ledger's connection did not close in order", e);
    }
  }
}
