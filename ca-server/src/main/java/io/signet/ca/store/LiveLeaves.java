package io.signet.ca.store;

import static io.signet.ca.store.HolderTable.utc;

import io.signet.ca.ledger.HolderKey;
import io.signet.ca.rotation.Laggard;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The certificates that are still valid, as the ledger knows them, by their holders. An intent
 * without a result counts as a certificate, for a signature may exist; but it answers nobody.
 */
final class LiveLeaves {

  // The last answer counts: a replica that lags behind may answer after one that does not. What
  // was recorded and is not answered yet counts as an answer with less, and not as one with more.
  private static final String OF_HOLDERS =
      "select holder, max(intended_at),"
          + " max(case when bundle > 0 then 1 else 0 end),"
          + " max(case when bundle = 0 then 1 else 0 end),"
          + " max(case when bundle > 0 and bundle < ? then bundle end),"
          + " max(case when bundle > 0 and bundle < ? then position end),"
          + " max(case when bundle >= ? and signature is not null then position end),"
          + " max(case when bundle > 0 and generation = ? then position end),"
          + " max(case when bundle > 0 and generation <> ? and signature is not null"
          + " then position end),"
          + " max(case when bundle = 0 and generation = ? then 1 else 0 end)"
          + " from ledger where not_after > ? and profile = 'leaf' and holder <> ''"
          + " group by holder";

  private static final String SINGLE =
      "select serial, id, holder, bundle, generation, intended_at, signature is not null"
          + " from ledger where not_after > ?"
          + " and (profile = 'leaf' and holder is null or profile = 'issuing' and holder <> '')";

  private LiveLeaves() {}

  /**
   * Those of one holder.
   *
   * @param latest when it got the last of them
   * @param isClient whether it asked for some of them
   * @param isSubscriber whether it got some of them on streams
   * @param lesser the newest bundle older than the one in question that it was answered with; 0 for
   *     none
   * @param isAnsweredWith whether its last answer was with the bundle in question or a newer one
   * @param isAnsweredUnder whether it asked for one under the generation in question, and was not
   *     answered with one under another since
   * @param isFedUnder whether it got one under the generation in question on streams
   */
  record OfHolder(
      String holder,
      Instant latest,
      boolean isClient,
      boolean isSubscriber,
      long lesser,
      boolean isAnsweredWith,
      boolean isAnsweredUnder,
      boolean isFedUnder) {

    private static OfHolder of(ResultSet row) throws SQLException {
      return new OfHolder(
          row.getString(1),
          row.getObject(2, OffsetDateTime.class).toInstant(),
          row.getInt(3) > 0,
          row.getInt(4) > 0,
          row.getLong(5),
          row.getLong(7) > row.getLong(6), // 0 where there is none
          row.getLong(8) > row.getLong(9),
          row.getInt(10) > 0);
    }
  }

  /**
   * One that nothing is known to replace: a leaf of a version that named no holder, or an authority
   * of somebody else, below which there are leaves that we do not know.
   *
   * @param answered the bundle that went with it; 0 for none
   */
  record Single(HolderKey holder, long answered, int generation, Instant at) {

    private static Single of(ResultSet row) throws SQLException {
      @Nullable String holder = row.getString(3);
      return new Single(
          holder == null ? nameless(row) : HolderKey.parse(holder),
          row.getBoolean(7) ? row.getLong(4) : 0,
          row.getInt(5),
          row.getObject(6, OffsetDateTime.class).toInstant());
    }

    private static HolderKey nameless(ResultSet row) throws SQLException {
      return HolderKey.single(
          SpiffeId.parse(row.getString(2)), new SerialNumber(new BigInteger(row.getBytes(1))));
    }

    Laggard lagging(String has) {
      return new Laggard(Laggard.Kind.CLIENT, holder.name(), has, at, Optional.empty());
    }
  }

  /** What takes one after the other. */
  interface Each<T> {
    void accept(T one);
  }

  private interface Reader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /**
   * @param bundle the one in question
   * @param generation the one in question
   */
  static void ofHolders(
      Connection connection, long bundle, int generation, Instant now, Each<OfHolder> each)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(OF_HOLDERS)) {
      for (int parameter = 1; parameter <= 3; parameter++) {
        query.setLong(parameter, bundle);
        query.setInt(3 + parameter, generation);
      }
      query.setObject(7, utc(now));
      forEach(query, OfHolder::of, each);
    }
  }

  static void single(Connection connection, Instant now, Each<Single> each) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(SINGLE)) {
      query.setObject(1, utc(now));
      forEach(query, Single::of, each);
    }
  }

  private static <T> void forEach(PreparedStatement query, Reader<T> reader, Each<T> each)
      throws SQLException {
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        each.accept(reader.read(rows));
      }
    }
  }
}
