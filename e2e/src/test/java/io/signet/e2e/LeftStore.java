package io.signet.e2e;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.store.Database;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** The store that a server has left behind, read as it is on the disk. */
final class LeftStore implements AutoCloseable {
  private final Connection connection;

  private LeftStore(Connection connection) {
    this.connection = connection;
  }

  /** Opens it in the server's own way first: that finds what a crash has left. */
  static LeftStore open(Path data) throws LedgerException, SQLException {
    Database.open(data).close();
    return new LeftStore(
        DriverManager.getConnection(
            "jdbc:h2:file:" + data.resolve("signet") + ";DATABASE_TO_LOWER=TRUE"));
  }

  /** The bytes that each intent is about. */
  List<byte[]> intents() throws SQLException {
    return column("select tbs from ledger");
  }

  /**
   * The serial numbers of the intents that its last process left without a result, in hex, the
   * oldest first.
   */
  List<String> unfinished() throws SQLException {
    String query =
        "select u.serial from unfinished u join ledger l on l.serial = u.serial"
            + " order by intended_at";
    return column(query).stream().map(HexFormat.of()::formatHex).toList();
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }

  private List<byte[]> column(String query) throws SQLException {
    List<byte[]> values = new ArrayList<>();
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(query)) {
      while (rows.next()) values.add(rows.getBytes(1));
    }
    return values;
  }
}
