package io.signet.ca.store;

import io.signet.ca.authority.AuthorityStore;
import io.signet.ca.authority.CaChain;
import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.KeyLabel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The CAs, and the issuing keys of this server, in SQL. Safe for use by many threads. */
public final class SqlAuthorityStore implements AuthorityStore {

  private final Transactions transactions;
  private final String replica;

  public SqlAuthorityStore(Database database) {
    this.transactions = new Transactions(database, "the authorities");
    this.replica = database.replica();
  }

  @Override
  public Optional<CaRecord> ca(int generation) throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query =
          connection.prepareStatement(
              "select label, certificate, above, roots from root where generation = ?")) {
        query.setInt(1, generation);
        return ca(query);
      }
    });
  }

  private static Optional<CaRecord> ca(PreparedStatement query) throws SQLException {
    try (ResultSet row = query.executeQuery()) {
      return row.next()
          ? Optional.of(new CaRecord(new KeyLabel(row.getString(1)), chain(row)))
          : Optional.empty();
    } catch (CertificateException e) {
      throw new SQLException("certificate of a CA: " + e.getMessage(), e);
    }
  }

  private static Optional<CaChain> chain(ResultSet row) throws SQLException, CertificateException {
    List<X509Certificate> own = certificates(row.getBytes(2));
    if (own.isEmpty()) {
      return Optional.empty();
    }
    List<X509Certificate> roots = certificates(row.getBytes(4));
    return Optional.of(
        new CaChain(own.getFirst(), certificates(row.getBytes(3)), roots.isEmpty() ? own : roots));
  }

  private static List<X509Certificate> certificates(byte @Nullable [] der)
      throws CertificateException {
    List<X509Certificate> certificates = new ArrayList<>();
    ByteArrayInputStream in = new ByteArrayInputStream(der == null ? new byte[0] : der);
    while (in.available() > 0) { // of this stream, all that is left
      certificates.add(
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    return certificates;
  }

  private static byte[] der(List<X509Certificate> certificates) throws SQLException {
    ByteArrayOutputStream der = new ByteArrayOutputStream();
    for (X509Certificate certificate : certificates) {
      try {
        der.writeBytes(certificate.getEncoded());
      } catch (CertificateException e) {
        throw new SQLException(e);
      }
    }
    return der.toByteArray();
  }

  @Override
  public void intend(int generation, KeyLabel label) throws LedgerException {
    if (ca(generation).filter(known -> known.label().equals(label)).isPresent()) {
      return;
    }
    write(
        "insert into root (label, generation) values (?, ?)",
        statement -> {
          statement.setString(1, label.value());
          statement.setInt(2, generation);
        });
  }

  @Override
  public void establish(KeyLabel label, CaChain chain) throws LedgerException {
    write(
        "update root set certificate = ?, above = ?, roots = ? where label = ?"
            + " and (certificate is null or certificate <> coalesce(roots, certificate))",
        statement -> {
          statement.setBytes(1, der(List.of(chain.certificate())));
          statement.setBytes(2, der(chain.above()));
          statement.setBytes(3, der(chain.roots()));
          statement.setString(4, label.value());
        });
  }

  @Override
  public List<KeyLabel> issuing() throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query =
          connection.prepareStatement("select label from issuing_key where replica = ?")) {
        query.setString(1, replica);
        return labels(query);
      }
    });
  }

  private static List<KeyLabel> labels(PreparedStatement query) throws SQLException {
    List<KeyLabel> labels = new ArrayList<>();
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        labels.add(new KeyLabel(rows.getString(1)));
      }
    }
    return labels;
  }

  @Override
  public void intendIssuing(KeyLabel label) throws LedgerException {
    write(
        "insert into issuing_key (label, replica) values (?, ?)",
        statement -> {
          statement.setString(1, label.value());
          statement.setString(2, replica);
        });
  }

  @Override
  public void forgetIssuing(KeyLabel label) throws LedgerException {
    write(
        "delete from issuing_key where label = ?",
        statement -> statement.setString(1, label.value()));
  }

  private interface Parameters {
    void fill(PreparedStatement statement) throws SQLException;
  }

  private void write(String sql, Parameters parameters) throws LedgerException {
    int _ =
        transactions.write(connection -> {
          try (PreparedStatement statement = connection.prepareStatement(sql)) {
            parameters.fill(statement);
            int changed = statement.executeUpdate();
            if (changed != 1) {
              throw new SQLException("no row to change: " + sql);
            }
            return changed;
          }
        });
  }
}
