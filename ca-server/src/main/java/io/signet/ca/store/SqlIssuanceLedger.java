package io.signet.ca.store;

import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerException;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.Optional;

/** The ledger in SQL. Writes of many callers share one commit and one flush of the disk. */
public final class SqlIssuanceLedger implements IssuanceLedger {

  private static final String ENTRY =
      "select serial, id, profile, issuer_key_id, tbs, not_after, intended_at, signature"
          + " from ledger where serial = ?";

  private static final String UNFINISHED =
      "select (select count(*) from unfinished),"
          + " (select u.serial from unfinished u join ledger l on l.serial = u.serial"
          + " order by intended_at fetch first row only)";

  private final Database database;
  private final GroupCommit commits;

  public SqlIssuanceLedger(Database database) {
    this.database = database;
    this.commits = new GroupCommit(database);
  }

  @Override
  public void intend(Intent intent) throws LedgerException {
    commits.submit(new LedgerWrite.Intended(intent));
  }

  @Override
  public void issued(SerialNumber serial, byte[] signature) throws LedgerException {
    commits.submit(new LedgerWrite.Issued(serial, signature));
  }

  @Override
  public Optional<LedgerEntry> find(SerialNumber serial) throws LedgerException {
    try (Connection connection = database.connect();
        PreparedStatement query = connection.prepareStatement(ENTRY)) {
      query.setBytes(1, serial.value().toByteArray());
      return entry(query);
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  private static Optional<LedgerEntry> entry(PreparedStatement query) throws SQLException {
    try (ResultSet row = query.executeQuery()) {
      return row.next()
          ? Optional.of(new LedgerEntry(intent(row), Optional.ofNullable(row.getBytes(8))))
          : Optional.empty();
    }
  }

  @Override
  public Unfinished unfinished() throws LedgerException {
    try (Connection connection = database.connect();
        Statement query = connection.createStatement();
        ResultSet row = query.executeQuery(UNFINISHED)) {
      row.next();
      return new Unfinished(
          row.getLong(1), Optional.ofNullable(row.getBytes(2)).map(SqlIssuanceLedger::serial));
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  @Override
  public Optional<String> problem() {
    return commits.problem();
  }

  private static Intent intent(ResultSet row) throws SQLException {
    return new Intent(
        serial(row.getBytes(1)),
        SpiffeId.parse(row.getString(2)),
        row.getString(3),
        row.getBytes(4),
        row.getBytes(5),
        row.getObject(6, OffsetDateTime.class).toInstant(),
        row.getObject(7, OffsetDateTime.class).toInstant());
  }

  private static SerialNumber serial(byte[] bytes) {
    return new SerialNumber(new BigInteger(bytes));
  }

  private static LedgerException unreadable(SQLException e) {
    return new LedgerException("the ledger cannot be read: " + e.getMessage(), e);
  }

  @Override
  public void close() {
    commits.close();
  }
}
