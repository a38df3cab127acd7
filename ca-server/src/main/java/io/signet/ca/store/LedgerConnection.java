package io.signet.ca.store;

import static io.signet.ca.store.Sql.utc;

import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Receiver;
import io.signet.ca.ledger.SerialTakenException;
import io.signet.ca.store.GroupCommit.Pending;
import io.signet.spiffe.SerialNumber;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger writer's connection with its prepared statements; used by one thread. */
final class LedgerConnection implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(LedgerConnection.class);

  // No certificate has this serial number.
  private static final byte[] NONE = {};

  private static final int PRUNED_AT_ONCE = 100;

  private static final long TIDY_NANOS = Duration.ofMillis(100).toNanos();

  private final Database database;
  private final Connection connection;
  private final PreparedStatement intend;
  private final PreparedStatement open;
  private final PreparedStatement finish;
  private final PreparedStatement issue;
  private final List<Intent> intents = new ArrayList<>();
  private final List<Result> results = new ArrayList<>();
  private long tidied = System.nanoTime();

  /** What came of an intent. */
  private record Result(SerialNumber serial, byte[] signature) {}

  private LedgerConnection(Database database, Connection connection) throws SQLException {
    this.database = database;
    this.connection = connection;
    connection.setAutoCommit(false);
    intend =
        connection.prepareStatement(
            "insert into ledger"
                + " (serial, id, profile, reason, issuer_key_id, tbs, not_after, intended_at,"
                + " bundle, generation, holder)"
                + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                + " coalesce((select holder from ledger where serial = ?), ?))");
    open = connection.prepareStatement("insert into unfinished (serial, replica) values (?, ?)");
    finish = connection.prepareStatement("delete from unfinished where serial = ?");
    issue = connection.prepareStatement("update ledger set signature = ? where serial = ?");
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
  void commit(List<Pending> writes) throws SQLException, LedgerException {
    try {
      for (Pending write : writes) {
        write.apply(this);
      }
      // Where the server is far away, an answer for all is waited for, and not one for each.
      if (!intents.isEmpty()) writeIntents();
      if (!results.isEmpty()) writeResults();
    } catch (LedgerException e) {
      takeBack();
      throw e;
    } finally {
      intents.clear();
      results.clear();
    }
    tidy();
    // After every group: H2 may reuse the place of what was replaced, and would otherwise do so
    // before the replacement is on the disk.
    database.commit(connection);
  }

  private void takeBack() throws SQLException {
    connection.rollback();
    for (PreparedStatement batch : List.of(intend, open, finish, issue)) {
      batch.clearBatch(); // some were filled, and never came to be executed
    }
  }

  private void tidy() throws SQLException {
    if (System.nanoTime() - tidied > TIDY_NANOS) {
      database.tidy(connection);
      tidied = System.nanoTime();
    }
  }

  int intend(Intent intent) {
    intents.add(intent);
    return 1;
  }

  int issued(SerialNumber serial, byte[] signature) {
    results.add(new Result(serial, signature));
    return 1;
  }

  int withdraw(SerialNumber serial) throws SQLException, LedgerException {
    if (of(serial, "delete from unfinished where serial = ?") != 1) {
      throw noIntent(serial);
    }
    return of(serial, "insert into withdrawn (serial) values (?)");
  }

  // In the same table: to those who count, it is as good as never signed.
  int unreceived(SerialNumber serial) throws SQLException, LedgerException {
    int kept =
        of(
            serial,
            "insert into withdrawn (serial) select serial from ledger l"
                + " where serial = ? and signature is not null"
                + " and not exists (select 1 from withdrawn w where w.serial = l.serial)");
    if (kept != 1) {
      throw new LedgerException("no certificate to be received under serial number " + serial);
    }
    return kept;
  }

  private int of(SerialNumber serial, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setBytes(1, bytes(serial));
      return statement.executeUpdate();
    }
  }

  private static LedgerException noIntent(SerialNumber serial) {
    return new LedgerException("no open intent for serial number " + serial);
  }

  private void writeIntents() throws SQLException, SerialTakenException {
    for (Intent intent : intents) {
      add(intent);
    }
    try {
      int[] _ = intend.executeBatch();
      int[] _ = open.executeBatch();
    } catch (SQLException e) {
      if (Sql.isDuplicate(e)) {
        // One of them; which one it is shows when each is written by itself.
        throw new SerialTakenException(intents.getFirst().serial());
      }
      throw e;
    }
  }

  private void add(Intent intent) throws SQLException {
    byte[] serial = bytes(intent.serial());
    intend.setBytes(1, serial);
    intend.setString(2, intent.id().toString());
    intend.setString(3, intent.profile());
    intend.setString(4, intent.reason());
    intend.setBytes(5, intent.issuerKeyId());
    intend.setBytes(6, intent.tbs());
    intend.setObject(7, utc(intent.notAfter()));
    intend.setObject(8, utc(intent.at()));
    fill(intent.receiver());
    intend.addBatch();
    open.setBytes(1, serial);
    open.setString(2, database.replica());
    open.addBatch();
  }

  private void fill(Receiver receiver) throws SQLException {
    intend.setLong(9, receiver.bundle());
    intend.setInt(10, receiver.generation());
    intend.setBytes(11, receiver.renewed().map(LedgerConnection::bytes).orElse(NONE));
    intend.setString(12, receiver.holder().map(HolderKey::toString).orElse(""));
  }

  private void writeResults() throws SQLException, LedgerException {
    for (Result result : results) {
      finish.setBytes(1, bytes(result.serial()));
      finish.addBatch();
      issue.setBytes(1, result.signature());
      issue.setBytes(2, bytes(result.serial()));
      issue.addBatch();
    }
    int[] finished = finish.executeBatch();
    int[] issued = issue.executeBatch();
    for (int i = 0; i < results.size(); i++) {
      if (finished[i] != 1 || issued[i] != 1) {
        throw noIntent(results.get(i).serial());
      }
    }
  }

  /**
   * Takes every open intent of this replica for one that gets no result any more; how many there
   * were.
   */
  int reconcile() throws SQLException {
    int doubtful =
        ofMine(
            "insert into doubtful (serial, not_after)"
                + " select u.serial, not_after from unfinished u"
                + " join ledger l on l.serial = u.serial where u.replica = ?");
    int _ = ofMine("delete from unfinished where replica = ?");
    return doubtful;
  }

  private int ofMine(String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, database.replica());
      return statement.executeUpdate();
    }
  }

  /**
   * Deletes the oldest entries of those that ended before this; how many, none when none is left.
   */
  int prune(Instant endedBefore) throws SQLException {
    List<byte[]> serials = ended(endedBefore);
    for (String table : List.of("ledger", "unfinished", "doubtful", "withdrawn")) {
      delete(table, serials);
    }
    return serials.size();
  }

  // What another replica is deleting is left to it.
  private List<byte[]> ended(Instant before) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "select serial from ledger where not_after < ? order by not_after"
                + " fetch first ? rows only for update skip locked")) {
      query.setObject(1, utc(before));
      query.setInt(2, PRUNED_AT_ONCE);
      return serials(query);
    }
  }

  private static List<byte[]> serials(PreparedStatement query) throws SQLException {
    List<byte[]> serials = new ArrayList<>();
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        serials.add(rows.getBytes(1));
      }
    }
    return serials;
  }

  private void delete(String table, List<byte[]> serials) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("delete from " + table + " where serial = ?")) {
      for (byte[] serial : serials) {
        delete.setBytes(1, serial);
        delete.addBatch();
      }
      int[] _ = delete.executeBatch();
    }
  }

  private static byte[] bytes(SerialNumber serial) {
    return serial.value().toByteArray();
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
