package io.signet.ca.store;

import static io.signet.ca.store.Sql.instant;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Replicas;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The servers at one PostgreSQL, as its table of them says. Times are by its clock, so that they
 * can be compared. Safe for use by many threads.
 */
final class PostgresReplicas implements Replicas, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresReplicas.class);

  /** How many serial prefixes there are (SER-1): of one byte, positive. */
  static final int PREFIXES = 127;

  private static final Duration EVERY = Duration.ofSeconds(2);

  private static final String ALL =
      "select id, followed, bundle, ready, issuing, seen, skew_millis,"
          + " extract(epoch from clock_timestamp() - seen) from replica"
          + " where not departed order by id";

  private final PostgresDatabase database;
  private final PostgresSession session;
  private final Clock clock;
  private final String id;
  private final ScheduledExecutorService beats =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("store-beat").daemon().factory());
  private volatile @Nullable Report said;
  private volatile Report report = new Report(0, 0, 0, 0);
  private volatile Duration skew = Duration.ZERO;
  private volatile Instant heard;

  PostgresReplicas(PostgresDatabase database, PostgresSession session, Clock clock) {
    this.database = database;
    this.session = session;
    this.clock = clock;
    this.id = database.replica();
    this.heard = clock.instant();
  }

  /** Enters this one; returns what makes its serial numbers its own (SER-2). */
  int join(SecureRandom random) throws LedgerException {
    while (true) {
      try (Connection connection = database.connect()) {
        Optional<Integer> kept = returned(connection);
        return kept.isPresent() ? kept.get() : entered(connection, random);
      } catch (SQLException e) {
        if (!Sql.isDuplicate(e)) { // else another one drew the same now
          throw new LedgerException("the replica cannot be entered: " + e.getMessage(), e);
        }
      }
    }
  }

  private Optional<Integer> returned(Connection connection) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update replica set departed = false, seen = clock_timestamp()"
                + " where id = ? and serial_prefix is not null returning serial_prefix")) {
      update.setString(1, id);
      try (ResultSet row = update.executeQuery()) {
        return row.next() ? Optional.of(row.getInt(1)) : Optional.empty();
      }
    }
  }

  private int entered(Connection connection, SecureRandom random)
      throws SQLException, LedgerException {
    int prefix = free(connection, random);
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into replica (id, serial_prefix, seen) values (?, ?, clock_timestamp())"
                + " on conflict (id) do update set serial_prefix = excluded.serial_prefix,"
                + " departed = false, seen = excluded.seen")) {
      insert.setString(1, id);
      insert.setInt(2, prefix);
      int _ = insert.executeUpdate();
      return prefix;
    }
  }

  private static int free(Connection connection, SecureRandom random)
      throws SQLException, LedgerException {
    Set<Integer> taken = new HashSet<>();
    try (Statement query = connection.createStatement();
        ResultSet rows =
            query.executeQuery(
                "select serial_prefix from replica where serial_prefix is not null")) {
      while (rows.next()) {
        taken.add(rows.getInt(1));
      }
    }
    if (taken.size() >= PREFIXES) {
      throw new LedgerException(
          "there are %d replicas that have not left (expected: at most %d); those that are gone are forgotten after a time"
              .formatted(taken.size(), PREFIXES - 1));
    }
    int drawn = 1 + random.nextInt(PREFIXES);
    while (taken.contains(drawn)) {
      drawn = 1 + drawn % PREFIXES;
    }
    return drawn;
  }

  /** Says every few seconds that this one is alive, until it is closed. */
  void start() {
    var _ = beats.scheduleWithFixedDelay(this::beat, 0, EVERY.toMillis(), MILLISECONDS);
  }

  private void beat() {
    try {
      say();
    } catch (LedgerException e) {
      LOG.debug("the other replicas do not hear of this one", e);
    } catch (RuntimeException e) {
      LOG.error("the other replicas do not hear of this one", e);
    }
  }

  // What is as before is said with the next beat.
  @Override
  public void report(Report mine) throws LedgerException {
    if (!mine.equals(said)) {
      report = mine;
      say();
    }
  }

  /** Says how far this one is, and with that keeps its id. */
  synchronized void say() throws LedgerException {
    try {
      session.keep();
      Instant before = clock.instant();
      Report mine = report;
      Instant there = write(mine);
      said = mine;
      heard = before;
      measured(between(before, clock.instant()), there);
    } catch (SQLException e) {
      throw new LedgerException(database.fail(e), e);
    }
  }

  // One that was forgotten must not go on under a prefix that another may have by now.
  private Instant write(Report mine) throws SQLException, LedgerException {
    try (Connection connection = database.connect();
        PreparedStatement update =
            connection.prepareStatement(
                "update replica set followed = ?, bundle = ?, ready = ?, issuing = ?, skew_millis = ?,"
                    + " departed = false, seen = clock_timestamp()"
                    + " where id = ? and serial_prefix is not null returning clock_timestamp()")) {
      update.setLong(1, mine.followed());
      update.setLong(2, mine.bundle());
      update.setInt(3, mine.ready());
      update.setInt(4, mine.issuing());
      update.setLong(5, skew.toMillis());
      update.setString(6, id);
      try (ResultSet row = update.executeQuery()) {
        if (!row.next()) {
          throw new LedgerException(database.forgotten());
        }
        return instant(row, 1);
      }
    }
  }

  private static Instant between(Instant before, Instant after) {
    return before.plus(Duration.between(before, after).dividedBy(2));
  }

  private void measured(Instant here, Instant there) {
    boolean before = isMuch(skew);
    skew = Duration.between(there, here);
    if (isMuch(skew) && !before) {
      LOG.warn("the clock is {} ahead of the database's; set it, or certificates begin late", skew);
    }
  }

  private static boolean isMuch(Duration skew) {
    return skew.abs().compareTo(Replica.MOST_SKEW) > 0;
  }

  @Override
  public Instant heard() {
    return heard;
  }

  @Override
  public Duration skew() {
    return skew;
  }

  @Override
  public List<Replica> all() throws LedgerException {
    List<Replica> all = new ArrayList<>();
    try (Connection connection = database.connect();
        Statement query = connection.createStatement();
        ResultSet rows = query.executeQuery(ALL)) {
      while (rows.next()) {
        all.add(replica(rows));
      }
      return all;
    } catch (SQLException e) {
      throw new LedgerException("the replicas cannot be read: " + e.getMessage(), e);
    }
  }

  private static Replica replica(ResultSet row) throws SQLException {
    return new Replica(
        row.getString(1),
        new Report(row.getLong(2), row.getLong(3), row.getInt(4), row.getInt(5)),
        instant(row, 6),
        Duration.ofMillis(Math.max(0, Math.round(row.getDouble(8) * 1000))),
        Duration.ofMillis(row.getLong(7)));
  }

  // It stays in the table for what it may have left in its custodian.
  @Override
  public void leave() throws LedgerException {
    try (Connection connection = database.connect();
        PreparedStatement update =
            connection.prepareStatement(
                "update replica set departed = true, serial_prefix = null where id = ?")) {
      update.setString(1, id);
      int _ = update.executeUpdate();
    } catch (SQLException e) {
      throw new LedgerException("the replica cannot leave: " + e.getMessage(), e);
    }
  }

  @Override
  public List<String> forget(Duration silence) throws LedgerException {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      List<String> gone = gone(connection, silence);
      for (String each : gone) {
        inherit(connection, each);
      }
      database.commit(connection);
      return gone;
    } catch (SQLException e) {
      throw new LedgerException("replicas cannot be forgotten: " + e.getMessage(), e);
    }
  }

  private List<String> gone(Connection connection, Duration silence) throws SQLException {
    List<String> gone = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            "select id from replica where id <> ?"
                + " and seen < clock_timestamp() - ? * interval '1 millisecond'"
                + " order by id for update skip locked")) {
      query.setString(1, id);
      query.setLong(2, silence.toMillis());
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          gone.add(rows.getString(1));
        }
      }
    }
    return gone;
  }

  // Its open intents get no result any more (ISS-8); its issuing keys are for this one to destroy,
  // with its own, where both have the same custodian (KC-7).
  private void inherit(Connection connection, String gone) throws SQLException {
    int _ =
        execute(
            connection,
            "insert into doubtful (serial, not_after) select u.serial, l.not_after"
                + " from unfinished u join ledger l on l.serial = u.serial where u.replica = ?",
            gone);
    int _ = execute(connection, "delete from unfinished where replica = ?", gone);
    int _ = execute(connection, "update issuing_key set replica = ? where replica = ?", id, gone);
    int _ = execute(connection, "delete from replica where id = ?", gone);
  }

  private static int execute(Connection connection, String sql, String... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setString(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }

  /** Says nothing any more. */
  @Override
  public void close() {
    var _ = beats.shutdownNow();
  }
}
