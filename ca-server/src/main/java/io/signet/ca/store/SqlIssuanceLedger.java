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
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The ledger in SQL. Writes of many callers share one commit and one flush of the disk. */
public final class SqlIssuanceLedger implements IssuanceLedger {

  private static final String COLUMNS =
      "select l.serial, id, profile, issuer_key_id, tbs, not_after, intended_at, signature"
          + " from ledger l ";

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
        PreparedStatement query = connection.prepareStatement(COLUMNS + "where serial = ?")) {
      query.setBytes(1, serial.value().toByteArray());
      return entries(query).stream().findFirst();
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  @Override
  public List<LedgerEntry> unfinished() throws LedgerException {
    try (Connection connection = database.connect();
        PreparedStatement query =
            connection.prepareStatement(
                COLUMNS + "join unfinished u on u.serial = l.serial order by intended_at")) {
      return entries(query);
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  private static List<LedgerEntry> entries(PreparedStatement query) throws SQLException {
    List<LedgerEntry> entries = new ArrayList<>();
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        entries.add(new LedgerEntry(intent(rows), Optional.ofNullable(rows.getBytes(8))));
      }
    }
    return entries;
  }

  private static Intent intent(ResultSet row) throws SQLException {
    return new Intent(
        new SerialNumber(new BigInteger(row.getBytes(1))),
        SpiffeId.parse(row.getString(2)),
        row.getString(3),
        row.getBytes(4),
        row.getBytes(5),
        row.getObject(6, OffsetDateTime.class).toInstant(),
        row.getObject(7, OffsetDateTime.class).toInstant());
  }

  private static LedgerException unreadable(SQLException e) {
    return new LedgerException("the ledger cannot be read: " + e.getMessage(), e);
  }

  @Override
  public void close() {
    commits.close();
  }
}
