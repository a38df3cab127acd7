package io.signet.ca.store;

import static io.signet.ca.store.Sql.utc;

import io.signet.ca.rotation.PodHolder;
import io.signet.ca.store.LiveLeaves.OfHolder;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The holders that are known as gone, in SQL, on a connection of the caller. */
final class GoneHolders {

  private GoneHolders() {}

  /**
   * Leaves out those that are gone with all of their certificates.
   *
   * @param streams who is on an open one is here, whatever else is known
   */
  static void leaveOut(Connection connection, LiveLeaves live, Map<String, SeenHolder> streams)
      throws SQLException {
    Map<String, Long> gone = all(connection);
    if (!gone.isEmpty()) {
      live.leaveOut(leaves ->
          isGone(leaves, gone.get(leaves.holder())) && !isHere(streams.get(leaves.holder())));
    }
  }

  private static boolean isGone(OfHolder leaves, @Nullable Long upTo) {
    return upTo != null && leaves.last() <= upTo;
  }

  private static boolean isHere(@Nullable SeenHolder seen) {
    return seen != null && seen.isOpen();
  }

  private static Map<String, Long> all(Connection connection) throws SQLException {
    Map<String, Long> all = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select name, position from gone_holder")) {
      while (rows.next()) {
        all.put(rows.getString(1), rows.getLong(2));
      }
    }
    return all;
  }

  /** Adds these; of who is there already nothing is changed. */
  static void add(Connection connection, Collection<PodHolder> gone) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into gone_holder (name, position) values (?, ?) on conflict do nothing")) {
      for (PodHolder one : gone) {
        insert.setString(1, one.key().toString());
        insert.setLong(2, one.last());
        insert.addBatch();
      }
      int[] _ = insert.executeBatch();
    }
  }

  /** Deletes those that have no certificate that is still valid. */
  static void prune(Connection connection, Instant now) throws SQLException {
    if (all(connection).isEmpty()) {
      return; // the ledger is not read for nothing
    }
    try (PreparedStatement delete =
        connection.prepareStatement(
            "delete from gone_holder where name not in"
                + " (select holder from ledger where not_after > ? and holder <> '')")) {
      delete.setObject(1, utc(now));
      int _ = delete.executeUpdate();
    }
  }
}
