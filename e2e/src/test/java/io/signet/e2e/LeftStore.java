package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.store.EmbeddedDatabase;
import io.signet.ca.store.SqlIssuanceLedger;
import io.signet.spiffe.SerialNumber;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
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
    EmbeddedDatabase.open(data).close();
    return new LeftStore(
        DriverManager.getConnection(
            "jdbc:h2:file:" + data.resolve("signet") + ";DATABASE_TO_LOWER=TRUE"));
  }

  /** Each certificate is in the ledger with its signature (ISS-8). */
  static void assertRecorded(List<X509Certificate> received, Path data) throws Exception {
    List<X509Certificate> lost = new ArrayList<>();
    try (var database = EmbeddedDatabase.open(data);
        var ledger = new SqlIssuanceLedger(database)) {
      for (X509Certificate each : received) {
        if (!isIn(ledger, each)) lost.add(each);
      }
    }
    assertThat(received).isNotEmpty();
    assertThat(lost).isEmpty();
  }

  private static boolean isIn(SqlIssuanceLedger ledger, X509Certificate certificate)
      throws LedgerException, CertificateEncodingException {
    byte[] tbs = certificate.getTBSCertificate();
    return ledger
        .find(SerialNumber.of(certificate))
        .filter(entry -> Arrays.equals(entry.intent().tbs(), tbs))
        .flatMap(LedgerEntry::signature)
        .filter(signature -> Arrays.equals(signature, certificate.getSignature()))
        .isPresent();
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
            + " order by intended_at, serial";
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
