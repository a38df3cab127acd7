package io.signet.ca.store;

import static io.signet.ca.store.Sql.instant;
import static io.signet.ca.store.Sql.utc;

import io.signet.ca.rotation.HolderReport;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What each replica has seen of holders on its streams, in SQL, on a connection of the caller. */
final class HolderTable {

  private static final String ALL =
      "select name, streams, bundle, generation, refusal, since from holder order by name";

  private HolderTable() {}

  /** What is known of each holder on streams. */
  static Map<String, SeenHolder> all(Connection connection, Instant now) throws SQLException {
    Map<String, SeenHolder> all = new HashMap<>();
    try (PreparedStatement query = connection.prepareStatement(ALL)) {
      query.setFetchSize(Transactions.SOME_ROWS);
      try (ResultSet rows = query.executeQuery()) {
        List<HolderReport> ofOne = new ArrayList<>();
        while (rows.next()) {
          HolderReport next = report(rows);
          if (!ofOne.isEmpty() && !ofOne.getFirst().holder().equals(next.holder())) {
            all.put(ofOne.getFirst().holder(), SeenHolder.of(ofOne, now));
            ofOne.clear();
          }
          ofOne.add(next);
        }
        if (!ofOne.isEmpty()) {
          all.put(ofOne.getFirst().holder(), SeenHolder.of(ofOne, now));
        }
      }
    }
    return all;
  }

  /** What each replica reported of these. */
  static List<HolderReport> of(Connection connection, Collection<String> names)
      throws SQLException {
    String places = String.join(", ", Collections.nCopies(names.size(), "?"));
    try (PreparedStatement query =
        connection.prepareStatement(
            "select name, streams, bundle, generation, refusal, since from holder where name in ("
                + places
                + ")")) {
      int place = 1;
      for (String name : names) {
        query.setString(place++, name);
      }
      try (ResultSet rows = query.executeQuery()) {
        List<HolderReport> all = new ArrayList<>();
        while (rows.next()) {
          all.add(report(rows));
        }
        return all;
      }
    }
  }

  private static HolderReport report(ResultSet row) throws SQLException {
    return new HolderReport(
        row.getString(1),
        row.getInt(2),
        Optional.ofNullable(row.getObject(3, Long.class)),
        Optional.ofNullable(row.getObject(4, Integer.class)),
        Optional.ofNullable(row.getString(5)),
        instant(row, 6));
  }

  /** Keeps these instead of what the replica reported of the same holders before. */
  static void keep(Connection connection, String replica, List<HolderReport> seen)
      throws SQLException {
    int[] updated =
        batch(
            connection,
            "update holder set streams = ?, bundle = ?, generation = ?, refusal = ?, since = ?"
                + " where name = ? and replica = ?",
            replica,
            seen);
    List<HolderReport> added = new ArrayList<>();
    for (int i = 0; i < updated.length; i++) {
      if (updated[i] == 0) {
        added.add(seen.get(i));
      }
    }
    int[] _ =
        batch(
            connection,
            "insert into holder (streams, bundle, generation, refusal, since, name, replica)"
                + " values (?, ?, ?, ?, ?, ?, ?)",
            replica,
            added);
  }

  private static int[] batch(
      Connection connection, String sql, String replica, List<HolderReport> seen)
      throws SQLException {
    if (seen.isEmpty()) {
      return new int[0];
    }
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (HolderReport one : seen) {
        statement.setInt(1, one.streams());
        set(statement, 2, Types.BIGINT, one.bundle().orElse(null));
        set(statement, 3, Types.INTEGER, one.generation().orElse(null));
        set(statement, 4, Types.VARCHAR, one.refusal().orElse(null));
        statement.setObject(5, utc(one.at()));
        statement.setString(6, one.holder());
        statement.setString(7, replica);
        statement.addBatch();
      }
      return statement.executeBatch();
    }
  }

  private static void set(PreparedStatement statement, int index, int type, @Nullable Object value)
      throws SQLException {
    if (value == null) {
      statement.setNull(index, type);
    } else {
      statement.setObject(index, value, type);
    }
  }

  /** All streams of this replica have ended. */
  static int leave(Connection connection, String replica) throws SQLException {
    try (PreparedStatement leave =
        connection.prepareStatement(
            "update holder set streams = 0 where replica = ? and streams > 0")) {
      leave.setString(1, replica);
      return leave.executeUpdate();
    }
  }

  /** Those that have streams. */
  static List<String> replicas(Connection connection) throws SQLException {
    List<String> replicas = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("select distinct replica from holder where streams > 0")) {
      while (rows.next()) {
        replicas.add(rows.getString(1));
      }
    }
    return replicas;
  }

  /** Deletes those that left before this and have no certificate that is still valid. */
  static int prune(Connection connection, Instant leftBefore, Instant now) throws SQLException {
    if (!isAnyOlder(connection, leftBefore)) {
      return 0; // the ledger is not read for nothing
    }
    try (PreparedStatement delete =
        connection.prepareStatement(
            "delete from holder where streams = 0 and since < ? and name not in"
                + " (select holder from ledger where not_after > ? and holder <> '')")) {
      delete.setObject(1, utc(leftBefore));
      delete.setObject(2, utc(now));
      return delete.executeUpdate();
    }
  }

  private static boolean isAnyOlder(Connection connection, Instant leftBefore) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "select 1 from holder where streams = 0 and since < ? fetch first row only")) {
      query.setObject(1, utc(leftBefore));
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }
}
