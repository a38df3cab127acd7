package io.signet.ca.store;

import io.signet.ca.ledger.Intent;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;

/** The ledger writer's connection with its prepared statements; used by one thread. */
final class LedgerConnection implements AutoCloseable {

  private final Connection connection;
  private final PreparedStatement intend;
  private final PreparedStatement open;
  private final PreparedStatement issue;
  private final PreparedStatement finish;

  LedgerConnection(Connection connection) throws SQLException {
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

  /** All or none; on the disk when it returns. */
  void commit(List<LedgerWrite> writes) throws SQLException {
    try {
      for (LedgerWrite write : writes) {
        apply(write);
      }
      connection.commit();
      // After every commit: H2 may reuse the place of what was replaced, and would otherwise do so
      // before the replacement is on the disk.
      Database.sync(connection);
    } catch (SQLException | RuntimeException e) {
      rollBack(e);
      throw e;
    }
  }

  // The first failure is the one to tell.
  private void rollBack(Exception first) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      first.addSuppressed(e);
    }
  }

  private void apply(LedgerWrite write) throws SQLException {
    switch (write) {
      case LedgerWrite.Intended(Intent intent) -> insert(intent);
      case LedgerWrite.Issued issued -> update(issued);
    }
  }

  private void insert(Intent intent) throws SQLException {
    byte[] serial = intent.serial().value().toByteArray();
    intend.setBytes(1, serial);
    intend.setString(2, intent.id().toString());
    intend.setString(3, intent.profile());
    intend.setBytes(4, intent.issuerKeyId());
    intend.setBytes(5, intent.tbs());
    intend.setObject(6, utc(intent.notAfter()));
    intend.setObject(7, utc(intent.at()));
    intend.executeUpdate();
    open.setBytes(1, serial);
    open.executeUpdate();
  }

  private void update(LedgerWrite.Issued issued) throws SQLException {
    byte[] serial = issued.serial().value().toByteArray();
    issue.setBytes(1, issued.signature());
    issue.setBytes(2, serial);
    if (issue.executeUpdate() != 1) {
      throw new SQLException("no open intent for serial number " + issued.serial());
    }
    finish.setBytes(1, serial);
    finish.executeUpdate();
  }

  private static OffsetDateTime utc(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      System.getLogger(LedgerConnection.class.getName())
          .log(System.Logger.Level.DEBUG, "the ledger's connection did not close in order", e);
    }
  }
}
