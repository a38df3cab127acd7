package io.signet.ca.store;

import static io.signet.ca.store.Sql.utc;

import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.PodHolder;
import io.signet.ca.rotation.PodHolders;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Holders that are pods, by the ledger, in SQL. Safe for use by many threads. */
public final class SqlPodHolders implements PodHolders {

  // In the form of a UID as far as the database looks; those of authorities are not asked for,
  // because what they have signed outlives a pod.
  private static final String PRESENT =
      "select holder, position from ledger where not_after > ? and profile = 'leaf'"
          + " and holder like '%|________-____-____-____-____________'"
          + " and holder not in (select name from gone_holder)";

  private final Transactions transactions;

  /** Over the tables of this database, which outlives it. */
  public SqlPodHolders(Database database) {
    this.transactions = new Transactions(database, "holders that are pods");
  }

  @Override
  public void attested(Collection<String> clusters, Instant ends) throws LedgerException {
    int _ =
        transactions.write(connection -> {
          for (String cluster : clusters) {
            attested(connection, cluster, ends);
          }
          return clusters.size();
        });
  }

  private static void attested(Connection connection, String cluster, Instant ends)
      throws SQLException {
    try (PreparedStatement insert =
            connection.prepareStatement(
                "insert into pod_cluster (ends, id) values (?, ?) on conflict do nothing");
        PreparedStatement update =
            connection.prepareStatement(
                "update pod_cluster set ends = ? where id = ? and ends < ?")) {
      insert.setObject(1, utc(ends));
      insert.setString(2, cluster);
      int _ = insert.executeUpdate();
      update.setObject(1, utc(ends));
      update.setString(2, cluster);
      update.setObject(3, utc(ends));
      int _ = update.executeUpdate();
    }
  }

  @Override
  public Set<String> clusters(Instant now) throws LedgerException {
    return transactions.read(connection -> {
      Set<String> clusters = new HashSet<>();
      try (PreparedStatement query =
          connection.prepareStatement("select id from pod_cluster where ends > ?")) {
        query.setObject(1, utc(now));
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            clusters.add(row.getString(1));
          }
        }
      }
      return clusters;
    });
  }

  @Override
  public List<PodHolder> present(Instant now) throws LedgerException {
    List<PodHolder> pods = new ArrayList<>();
    lastOfEach(now)
        .forEach((holder, last) -> {
          HolderKey key = HolderKey.parse(holder);
          key.pod().ifPresent(uid -> pods.add(new PodHolder(key, uid, last)));
        });
    return pods;
  }

  private Map<String, Long> lastOfEach(Instant now) throws LedgerException {
    return transactions.readMuch(connection -> {
      Map<String, Long> last = new HashMap<>();
      try (PreparedStatement query = connection.prepareStatement(PRESENT)) {
        query.setObject(1, utc(now));
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            last.merge(row.getString(1), row.getLong(2), Math::max);
          }
        }
      }
      return last;
    });
  }

  @Override
  public void gone(Collection<PodHolder> pods) throws LedgerException {
    int _ =
        transactions.write(connection -> {
          GoneHolders.add(connection, pods);
          return pods.size();
        });
  }
}
