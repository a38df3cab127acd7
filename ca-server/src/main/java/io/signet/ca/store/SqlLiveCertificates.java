package io.signet.ca.store;

import static io.signet.ca.store.Sql.instant;
import static io.signet.ca.store.Sql.utc;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.AuthorityId;
import io.signet.ca.revocation.LiveCertificates;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.math.BigInteger;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What the ledger in SQL says of live certificates. Safe for use by many threads. */
public final class SqlLiveCertificates implements LiveCertificates {

  private static final String COLUMNS = "select serial, issuer_key_id, id, not_after from ledger";

  private final Transactions transactions;

  public SqlLiveCertificates(Database database) {
    this.transactions = new Transactions(database, "the ledger");
  }

  @Override
  public List<Live> leavesOf(SpiffeId id, Instant now) throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query =
          connection.prepareStatement(
              COLUMNS + " where not_after > ? and id = ? and profile = ? order by serial")) {
        query.setObject(1, utc(now));
        query.setString(2, id.toString());
        query.setString(3, CertificateProfile.LEAF.toString());
        return all(query);
      }
    });
  }

  @Override
  public Set<AuthorityId> issuers(Instant now) throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query =
          connection.prepareStatement(
              "select distinct issuer_key_id from ledger"
                  + " where not_after > ? and profile = ? and signature is not null")) {
        query.setObject(1, utc(now));
        query.setString(2, CertificateProfile.LEAF.toString());
        Set<AuthorityId> issuers = new HashSet<>();
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            issuers.add(AuthorityId.of(row.getBytes(1)));
          }
        }
        return Set.copyOf(issuers);
      }
    });
  }

  @Override
  public List<Live> authoritiesOf(AuthorityId ca, Instant now) throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query =
          connection.prepareStatement(
              COLUMNS
                  + " where not_after > ? and issuer_key_id = ? and profile = ? order by serial")) {
        query.setObject(1, utc(now));
        query.setBytes(2, ca.keyId());
        query.setString(3, CertificateProfile.ISSUING.toString());
        return all(query);
      }
    });
  }

  // An earlier version did not say why, and gave none away.
  @Override
  public List<Live> givenAuthorities(Instant now) throws LedgerException {
    return transactions.read(connection -> {
      try (PreparedStatement query =
          connection.prepareStatement(
              COLUMNS
                  + " where not_after > ? and profile = ? and signature is not null"
                  + " and reason <> ? and reason <> '' order by serial")) {
        query.setObject(1, utc(now));
        query.setString(2, CertificateProfile.ISSUING.toString());
        query.setString(3, CertificateSigner.OWN);
        return all(query);
      }
    });
  }

  private static List<Live> all(PreparedStatement query) throws SQLException {
    List<Live> found = new ArrayList<>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        found.add(
            new Live(
                new SerialNumber(new BigInteger(row.getBytes(1))),
                AuthorityId.of(row.getBytes(2)),
                SpiffeId.parse(row.getString(3)),
                instant(row, 4)));
      }
    }
    return List.copyOf(found);
  }
}
