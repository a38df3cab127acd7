package io.signet.ca.store;

import static io.signet.ca.store.Sql.instant;
import static io.signet.ca.store.Sql.utc;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.AuthorityId;
import io.signet.ca.revocation.Denial;
import io.signet.ca.revocation.Revocation;
import io.signet.ca.revocation.Revocations;
import io.signet.ca.x509.RevocationReason;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Revocations in SQL. One writer at a time: each first changes the row of the version. */
public final class SqlRevocations implements Revocations {

  private final Transactions transactions;

  public SqlRevocations(Database database) {
    this.transactions = new Transactions(database, "what is revoked");
  }

  @Override
  public long version() throws LedgerException {
    return transactions.read(connection -> {
      try (Statement query = connection.createStatement();
          ResultSet row = query.executeQuery("select number from revocation_version")) {
        row.next();
        return row.getLong(1);
      }
    });
  }

  @Override
  public List<Revocation> endingFrom(Instant time) throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query =
          connection.prepareStatement(
              "select serial, authority, id, reason, revoked_at, revoked_by, not_after"
                  + " from revocation where not_after >= ? order by revoked_at, serial")) {
        query.setObject(1, utc(time));
        return revocations(query);
      }
    });
  }

  private static List<Revocation> revocations(PreparedStatement query) throws SQLException {
    List<Revocation> found = new ArrayList<>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        found.add(
            new Revocation(
                new SerialNumber(new BigInteger(row.getBytes(1))),
                AuthorityId.of(row.getBytes(2)),
                SpiffeId.parse(row.getString(3)),
                reason(row.getString(4)),
                instant(row, 5),
                row.getString(6),
                instant(row, 7)));
      }
    }
    return found;
  }

  // What a later version may have written is a reason that this one does not know.
  private static RevocationReason reason(String label) {
    return RevocationReason.named(label).orElse(RevocationReason.UNSPECIFIED);
  }

  @Override
  public List<Revocation> add(List<Revocation> revoked) throws LedgerException {
    return transactions.write(connection -> {
      changeVersion(connection);
      List<Revocation> others = new ArrayList<>();
      try (PreparedStatement find =
              connection.prepareStatement("select 1 from revocation where serial = ?");
          PreparedStatement insert =
              connection.prepareStatement(
                  "insert into revocation"
                      + " (serial, authority, id, reason, revoked_at, revoked_by, not_after)"
                      + " values (?, ?, ?, ?, ?, ?, ?)")) {
        for (Revocation each : revoked) {
          if (!isThere(find, each.serial().value().toByteArray())) {
            insert(insert, each);
            others.add(each);
          }
        }
      }
      return List.copyOf(others);
    });
  }

  private static boolean isThere(PreparedStatement find, byte[] serial) throws SQLException {
    find.setBytes(1, serial);
    try (ResultSet row = find.executeQuery()) {
      return row.next();
    }
  }

  private static void insert(PreparedStatement insert, Revocation revoked) throws SQLException {
    insert.setBytes(1, revoked.serial().value().toByteArray());
    insert.setBytes(2, revoked.authority().keyId());
    insert.setString(3, revoked.id().toString());
    insert.setString(4, revoked.reason().label());
    insert.setObject(5, utc(revoked.at()));
    insert.setString(6, revoked.by());
    insert.setObject(7, utc(revoked.notAfter()));
    insert.executeUpdate();
  }

  @Override
  public List<Denial> denied() throws LedgerException {
    return transactions.read(connection -> {
      List<Denial> denied = new ArrayList<>();
      try (Statement query = connection.createStatement();
          ResultSet row =
              query.executeQuery(
                  "select id, reason, denied_at, denied_by from denial order by denied_at, id")) {
        while (row.next()) {
          denied.add(
              new Denial(
                  SpiffeId.parse(row.getString(1)),
                  reason(row.getString(2)),
                  instant(row, 3),
                  row.getString(4)));
        }
      }
      return List.copyOf(denied);
    });
  }

  @Override
  public boolean deny(Denial denial) throws LedgerException {
    return transactions.write(connection -> {
      changeVersion(connection);
      try (PreparedStatement find =
              connection.prepareStatement("select 1 from denial where id = ?");
          PreparedStatement insert =
              connection.prepareStatement(
                  "insert into denial (id, reason, denied_at, denied_by) values (?, ?, ?, ?)")) {
        find.setString(1, denial.id().toString());
        try (ResultSet row = find.executeQuery()) {
          if (row.next()) {
            return false;
          }
        }
        insert.setString(1, denial.id().toString());
        insert.setString(2, denial.reason().label());
        insert.setObject(3, utc(denial.at()));
        insert.setString(4, denial.by());
        return insert.executeUpdate() == 1;
      }
    });
  }

  @Override
  public boolean lift(SpiffeId id) throws LedgerException {
    return transactions.write(connection -> {
      changeVersion(connection);
      try (PreparedStatement delete =
          connection.prepareStatement("delete from denial where id = ?")) {
        delete.setString(1, id.toString());
        return delete.executeUpdate() == 1;
      }
    });
  }

  @Override
  public int prune(Instant endedBefore) throws LedgerException {
    // What is forgotten has long left the CRLs, so nobody needs to look.
    return transactions.write(connection -> {
      try (PreparedStatement delete =
          connection.prepareStatement("delete from revocation where not_after < ?")) {
        delete.setObject(1, utc(endedBefore));
        return delete.executeUpdate();
      }
    });
  }

  private static void changeVersion(Connection connection) throws SQLException {
    try (Statement update = connection.createStatement()) {
      if (update.executeUpdate("update revocation_version set number = number + 1") != 1) {
        throw new SQLException("revocation_version: no row (expected: one)");
      }
    }
  }
}
