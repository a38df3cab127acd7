package io.signet.ca.store;

import static io.signet.ca.store.Sql.instant;
import static io.signet.ca.store.Sql.utc;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.AuthorityId;
import io.signet.ca.revocation.Crl;
import io.signet.ca.revocation.CrlStore;
import io.signet.ca.x509.Crls;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.security.cert.CRLException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The newest CRL of each authority in SQL. Safe for use by many threads. */
public final class SqlCrlStore implements CrlStore {

  // The embedded database holds 1 MiB in a value.
  private static final int PART = 512 * 1024;

  private final Transactions transactions;

  public SqlCrlStore(Database database) {
    this.transactions = new Transactions(database, "the CRLs");
  }

  @Override
  public List<Crl.Head> heads(Instant now) throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query =
          connection.prepareStatement(
              "select authority, number, this_update, next_update, ends from crl where ends > ?"
                  + " order by ends, authority")) {
        query.setObject(1, utc(now));
        return heads(query);
      }
    });
  }

  private static List<Crl.Head> heads(PreparedStatement query) throws SQLException {
    List<Crl.Head> heads = new ArrayList<>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        heads.add(
            new Crl.Head(
                AuthorityId.of(row.getBytes(1)),
                row.getLong(2),
                instant(row, 3),
                instant(row, 4),
                instant(row, 5)));
      }
    }
    return List.copyOf(heads);
  }

  // Both in one transaction: between two statements another replica may keep a newer one.
  @Override
  public Optional<Crl> find(AuthorityId authority) throws LedgerException {
    return transactions.read(connection -> {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try (PreparedStatement query =
          connection.prepareStatement("select certificate, ends from crl where authority = ?")) {
        query.setBytes(1, authority.keyId());
        try (ResultSet row = query.executeQuery()) {
          return row.next()
              ? Optional.of(
                  new Crl(
                      authority,
                      certificate(row.getBytes(1)),
                      instant(row, 2),
                      crl(connection, authority)))
              : Optional.empty();
        }
      } finally {
        connection.rollback();
      }
    });
  }

  private static X509Certificate certificate(byte[] der) throws SQLException {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new SQLException("certificate of an authority: " + e.getMessage(), e);
    }
  }

  private static X509CRL crl(Connection connection, AuthorityId authority) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("select der from crl_part where authority = ? order by part")) {
      query.setBytes(1, authority.keyId());
      ByteArrayOutputStream der = new ByteArrayOutputStream();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          der.writeBytes(row.getBytes(1));
        }
      }
      return Crls.parse(der.toByteArray());
    } catch (CRLException e) {
      throw new SQLException("CRL of %s: %s".formatted(authority, e.getMessage()), e);
    }
  }

  @Override
  public boolean keep(Crl crl) throws LedgerException {
    try {
      return transactions.write(connection -> {
        if (!isHeadKept(connection, crl)) {
          return false;
        }
        keepParts(connection, crl);
        return true;
      });
    } catch (LedgerException e) {
      if (e.getCause() instanceof SQLException sql && Sql.isDuplicate(sql)) {
        return false; // both were the first, and the other was faster
      }
      throw e;
    }
  }

  private static boolean isHeadKept(Connection connection, Crl crl) throws SQLException {
    Crl.Head head = crl.head();
    try (PreparedStatement update =
        connection.prepareStatement(
            "update crl set certificate = ?, number = ?, this_update = ?, next_update = ?, ends = ?"
                + " where authority = ? and number < ?")) {
      fill(update, crl, head);
      update.setLong(7, head.number());
      return update.executeUpdate() == 1 || isFirst(connection, crl, head);
    }
  }

  private static boolean isFirst(Connection connection, Crl crl, Crl.Head head)
      throws SQLException {
    try (PreparedStatement find =
            connection.prepareStatement("select 1 from crl where authority = ?");
        PreparedStatement insert =
            connection.prepareStatement(
                "insert into crl (certificate, number, this_update, next_update, ends, authority)"
                    + " values (?, ?, ?, ?, ?, ?)")) {
      find.setBytes(1, head.authority().keyId());
      try (ResultSet row = find.executeQuery()) {
        if (row.next()) {
          return false;
        }
      }
      fill(insert, crl, head);
      return insert.executeUpdate() == 1;
    }
  }

  private static void fill(PreparedStatement statement, Crl crl, Crl.Head head)
      throws SQLException {
    try {
      statement.setBytes(1, crl.ca().getEncoded());
    } catch (CertificateEncodingException e) {
      throw new SQLException(e);
    }
    statement.setLong(2, head.number());
    statement.setObject(3, utc(head.thisUpdate()));
    statement.setObject(4, utc(head.nextUpdate()));
    statement.setObject(5, utc(head.end()));
    statement.setBytes(6, head.authority().keyId());
  }

  private static void keepParts(Connection connection, Crl crl) throws SQLException {
    try (PreparedStatement delete =
            connection.prepareStatement("delete from crl_part where authority = ?");
        PreparedStatement insert =
            connection.prepareStatement(
                "insert into crl_part (authority, part, der) values (?, ?, ?)")) {
      delete.setBytes(1, crl.authority().keyId());
      delete.executeUpdate();
      byte[] der = crl.der();
      for (int part = 0; part * PART < der.length; part++) {
        int from = part * PART;
        insert.setBytes(1, crl.authority().keyId());
        insert.setInt(2, part);
        insert.setBytes(3, Arrays.copyOfRange(der, from, Math.min(from + PART, der.length)));
        insert.executeUpdate();
      }
    }
  }

  @Override
  public int prune(Instant endedBefore) throws LedgerException {
    return transactions.write(connection -> {
      try (PreparedStatement parts =
              connection.prepareStatement(
                  "delete from crl_part where authority in"
                      + " (select authority from crl where ends < ?)");
          PreparedStatement heads = connection.prepareStatement("delete from crl where ends < ?")) {
        parts.setObject(1, utc(endedBefore));
        parts.executeUpdate();
        heads.setObject(1, utc(endedBefore));
        return heads.executeUpdate();
      }
    });
  }
}
