package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.Leadership;
import io.signet.ca.rotation.Replicas;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.Optional;

/** The only server at an embedded store. But for the prefix nothing of it is written down. */
record SoleCluster(int serialPrefix, SoleReplica replica) implements Cluster {

  static SoleCluster of(EmbeddedDatabase database, Clock clock, SecureRandom random)
      throws LedgerException {
    try {
      return new SoleCluster(prefix(database, random), new SoleReplica(clock));
    } catch (SQLException e) {
      throw new LedgerException("the store cannot be used: " + e.getMessage(), e);
    }
  }

  private static int prefix(EmbeddedDatabase database, SecureRandom random) throws SQLException {
    try (Connection connection = database.connect()) {
      Optional<Integer> known = known(connection);
      if (known.isPresent()) {
        return known.get();
      }
      int drawn = 1 + random.nextInt(PostgresReplicas.PREFIXES);
      connection.setAutoCommit(false);
      insert(connection, drawn);
      database.commit(connection);
      return drawn;
    }
  }

  private static Optional<Integer> known(Connection connection) throws SQLException {
    try (Statement query = connection.createStatement();
        ResultSet row = query.executeQuery("select serial_prefix from instance")) {
      return row.next() ? Optional.of(row.getInt(1)) : Optional.empty();
    }
  }

  private static void insert(Connection connection, int prefix) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into instance (only_row, serial_prefix) values (true, ?)")) {
      insert.setInt(1, prefix);
      int _ = insert.executeUpdate();
    }
  }

  @Override
  public String self() {
    return SoleReplica.ID;
  }

  @Override
  public Replicas replicas() {
    return replica;
  }

  @Override
  public Changes changes() {
    return replica;
  }

  @Override
  public Leadership leadership() {
    return replica;
  }

  @Override
  public void close() {
    // Nobody is left to know.
  }
}
