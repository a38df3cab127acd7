package io.signet.ca.store;

import static io.signet.ca.store.Sql.utc;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.JournalEntry;
import io.signet.ca.rotation.RotationJournal;
import io.signet.ca.rotation.RotationState;
import io.signet.ca.rotation.RotationState.Activated;
import io.signet.ca.rotation.RotationState.Prepared;
import io.signet.ca.rotation.RotationState.Published;
import io.signet.ca.rotation.RotationState.Retiring;
import io.signet.ca.rotation.RotationState.Steady;
import io.signet.ca.rotation.RotationState.Terms;
import io.signet.hsm.KeyLabel;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The steps of the rotations of one kind of key, in SQL. Safe for use by many threads. */
public final class SqlRotationJournal implements RotationJournal {

  private static final String ENTRY =
      "select number, made_at, made_by, reason, phase, active, active_label, other, other_label,"
          + " bundle, since, approved, forced, compromised"
          + " from rotation_journal where kind = ? order by number desc fetch first ? rows only";

  private static final String APPEND =
      "insert into rotation_journal (number, made_at, made_by, reason, phase, active, active_label,"
          + " other, other_label, bundle, since, approved, forced, compromised, kind)"
          + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

  private static final String GENERATIONS =
      "select active, active_label from rotation_journal where kind = ?"
          + " union select other, other_label from rotation_journal"
          + " where kind = ? and other is not null order by 1";

  private final Transactions transactions;
  private final String kind;

  /**
   * @param kind of the keys, such as {@code x509}
   */
  public SqlRotationJournal(Database database, String kind) {
    this.transactions = new Transactions(database, "the rotation");
    this.kind = kind;
  }

  @Override
  public Optional<JournalEntry> last() throws LedgerException {
    return newest(1).stream().findFirst();
  }

  @Override
  public List<JournalEntry> newest(int most) throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query = connection.prepareStatement(ENTRY)) {
        query.setString(1, kind);
        query.setInt(2, most);
        return entries(query);
      }
    });
  }

  private static List<JournalEntry> entries(PreparedStatement query) throws SQLException {
    List<JournalEntry> entries = new ArrayList<>();
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        entries.add(
            new JournalEntry(
                rows.getLong("number"),
                instant(rows, "made_at"),
                rows.getString("made_by"),
                rows.getString("reason"),
                state(rows)));
      }
    }
    return entries;
  }

  private static RotationState state(ResultSet row) throws SQLException {
    Generation active =
        new Generation(row.getInt("active"), new KeyLabel(row.getString("active_label")));
    long bundle = row.getLong("bundle");
    Terms terms =
        new Terms(
            instant(row, "since"),
            row.getBoolean("approved"),
            row.getBoolean("forced"),
            row.getBoolean("compromised"));
    String phase = row.getString("phase");
    return switch (phase) {
      case "steady" -> new Steady(active, bundle, terms, other(row));
      case "prepared" -> new Prepared(active, other(row).orElseThrow(), bundle, terms);
      case "published" -> new Published(active, other(row).orElseThrow(), bundle, terms);
      case "activated" -> new Activated(active, other(row).orElseThrow(), bundle, terms);
      case "retiring" -> new Retiring(active, other(row).orElseThrow(), bundle, terms);
      // A later version may know more; to take it for anything else could do harm.
      default -> throw new SQLException("phase " + phase + " (expected: one that we know)");
    };
  }

  private static Optional<Generation> other(ResultSet row) throws SQLException {
    int number = row.getInt("other");
    return row.wasNull()
        ? Optional.empty()
        : Optional.of(new Generation(number, new KeyLabel(row.getString("other_label"))));
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  @Override
  public boolean append(JournalEntry entry) throws LedgerException {
    try {
      return transactions.write(connection -> {
        try (PreparedStatement insert = connection.prepareStatement(APPEND)) {
          fill(insert, entry);
          return insert.executeUpdate() == 1;
        }
      });
    } catch (LedgerException e) {
      if (e.getCause() instanceof SQLException sql && Sql.isDuplicate(sql)) {
        return false;
      }
      throw e;
    }
  }

  private void fill(PreparedStatement insert, JournalEntry entry) throws SQLException {
    RotationState state = entry.state();
    insert.setLong(1, entry.number());
    insert.setObject(2, utc(entry.at()));
    insert.setString(3, entry.by());
    insert.setString(4, entry.reason());
    insert.setString(5, state.phase());
    insert.setInt(6, state.active().number());
    insert.setString(7, state.active().label().value());
    Optional<Generation> other = state.other();
    if (other.isPresent()) {
      insert.setInt(8, other.get().number());
      insert.setString(9, other.get().label().value());
    } else {
      insert.setNull(8, Types.INTEGER);
      insert.setNull(9, Types.VARCHAR);
    }
    insert.setLong(10, state.bundle());
    insert.setObject(11, utc(state.terms().since()));
    insert.setBoolean(12, state.terms().approved());
    insert.setBoolean(13, state.terms().forced());
    insert.setBoolean(14, state.terms().compromised());
    insert.setString(15, kind);
  }

  @Override
  public List<Generation> generations() throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query = connection.prepareStatement(GENERATIONS)) {
        query.setString(1, kind);
        query.setString(2, kind);
        return generations(query);
      }
    });
  }

  private static List<Generation> generations(PreparedStatement query) throws SQLException {
    List<Generation> generations = new ArrayList<>();
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        generations.add(new Generation(rows.getInt(1), new KeyLabel(rows.getString(2))));
      }
    }
    return generations;
  }
}
