package io.signet.ca.store;

import static io.signet.ca.store.Sql.instant;
import static io.signet.ca.store.Sql.utc;

import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerEntry.Result;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Receiver;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The ledger in SQL. Writes of many callers share one commit and one flush of the disk. */
public final class SqlIssuanceLedger implements IssuanceLedger {

  private static final String ENTRY =
      "select serial, id, profile, reason, issuer_key_id, tbs, not_after, intended_at, signature,"
          + " exists (select 1 from doubtful d where d.serial = l.serial), holder, bundle, generation,"
          + " exists (select 1 from withdrawn w where w.serial = l.serial)"
          + " from ledger l where serial = ?";

  private static final String FIRST =
      "select u.serial from unfinished u join ledger l on l.serial = u.serial where u.replica = ?"
          + " order by intended_at, serial fetch first row only";

  private static final String UNKNOWN = "select count(*) from doubtful where not_after >= ?";

  private final Database database;
  private final GroupCommit commits;

  public SqlIssuanceLedger(Database database) {
    this(database, GroupCommit.Limits.of(database));
  }

  SqlIssuanceLedger(Database database, GroupCommit.Limits limits) {
    this.database = database;
    this.commits = new GroupCommit(database, limits);
  }

  @Override
  public void intend(Intent intent) throws LedgerException {
    int _ = commits.submit(ledger -> ledger.intend(intent));
  }

  @Override
  public void issued(SerialNumber serial, byte[] signature) throws LedgerException {
    int _ = commits.submit(ledger -> ledger.issued(serial, signature));
  }

  @Override
  public void withdraw(SerialNumber serial) throws LedgerException {
    int _ = commits.submit(ledger -> ledger.withdraw(serial));
  }

  @Override
  public void unreceived(SerialNumber serial) throws LedgerException {
    int _ = commits.submit(ledger -> ledger.unreceived(serial));
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
      return row.next() ? Optional.of(new LedgerEntry(intent(row), result(row))) : Optional.empty();
    }
  }

  private static Result result(ResultSet row) throws SQLException {
    byte @Nullable [] signature = row.getBytes(9);
    if (signature != null) {
      return new Result.Issued(signature);
    }
    if (row.getBoolean(14)) {
      return new Result.Withdrawn();
    }
    return row.getBoolean(10) ? new Result.Unknown() : new Result.Open();
  }

  @Override
  public Unfinished reconcile() throws LedgerException {
    Optional<SerialNumber> first = first();
    return new Unfinished(commits.submit(LedgerConnection::reconcile), first);
  }

  private Optional<SerialNumber> first() throws LedgerException {
    try (Connection connection = database.connect();
        PreparedStatement query = connection.prepareStatement(FIRST)) {
      query.setString(1, database.replica());
      return serial(query);
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  private static Optional<SerialNumber> serial(PreparedStatement query) throws SQLException {
    try (ResultSet row = query.executeQuery()) {
      return row.next() ? Optional.of(serial(row.getBytes(1))) : Optional.empty();
    }
  }

  @Override
  public long unknown(Instant at) throws LedgerException {
    try (Connection connection = database.connect();
        PreparedStatement query = connection.prepareStatement(UNKNOWN)) {
      query.setObject(1, utc(at));
      return count(query);
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  private static long count(PreparedStatement query) throws SQLException {
    try (ResultSet row = query.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  @Override
  public int prune(Instant endedBefore) throws LedgerException {
    return commits.submit(ledger -> ledger.prune(endedBefore));
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
        row.getString(4),
        row.getBytes(5),
        row.getBytes(6),
        instant(row, 7),
        instant(row, 8),
        receiver(row));
  }

  private static Receiver receiver(ResultSet row) throws SQLException {
    @Nullable String holder = row.getString(11);
    return new Receiver(
        Optional.ofNullable(holder).filter(named -> !named.isEmpty()).map(HolderKey::parse),
        Optional.empty(),
        row.getLong(12),
        row.getInt(13));
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
