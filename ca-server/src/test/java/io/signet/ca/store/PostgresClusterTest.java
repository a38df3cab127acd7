package io.signet.ca.store;

import static io.signet.ca.ledger.IssuanceLedgerContract.intent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.signet.ca.ledger.LedgerEntry.Result;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.JournalEntry;
import io.signet.ca.rotation.Leadership;
import io.signet.ca.rotation.Replicas.Replica;
import io.signet.ca.rotation.Replicas.Report;
import io.signet.ca.rotation.RotationJournal;
import io.signet.ca.rotation.RotationState.Steady;
import io.signet.ca.rotation.RotationState.Terms;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.PostgresServer;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several servers at one PostgreSQL: who is who, who leads, who hears of what. */
@Timeout(60)
final class PostgresClusterTest {

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final SerialNumber SERIAL = new SerialNumber(BigInteger.TEN);

  private final PostgresServer server = PostgresServer.shared();
  private final TestClock clock = new TestClock();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private PostgresSettings settings;

  /** A server's part of the store. */
  private record Member(PostgresDatabase database, PostgresCluster cluster)
      implements AutoCloseable {

    Leadership leadership() {
      return cluster.leadership();
    }

    List<String> sees() throws LedgerException {
      return cluster.replicas().all().stream().map(Replica::id).toList();
    }

    PostgresSession session() {
      return (PostgresSession) cluster.leadership();
    }

    /** Ends as a process that is killed does: its connections go, and nobody is told. */
    void vanish() {
      session().close();
      database.close();
    }

    @Override
    public void close() {
      cluster.close();
      database.close();
    }
  }

  @BeforeEach
  void createDatabase() throws SQLException {
    settings = server.database();
  }

  @AfterEach
  void close() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }

  private Member join(String id) throws LedgerException {
    return join(id, clock, LONG);
  }

  private Member join(String id, TestClock itsClock, Duration patience) throws LedgerException {
    PostgresDatabase database = PostgresDatabase.open(settings, new ReplicaId(id));
    try {
      Member member =
          new Member(database, PostgresCluster.join(database, itsClock, RANDOM, patience));
      opened.push(member);
      return member;
    } catch (LedgerException e) {
      database.close();
      throw e;
    }
  }

  // SER-2
  @Test
  void join_several_prefixesDifferAndStay() throws Exception {
    Member a = join("a");
    Member b = join("b");
    assertThat(a.cluster().serialPrefix())
        .isBetween(1, 127)
        .isNotEqualTo(b.cluster().serialPrefix());

    a.vanish();

    assertThat(join("a").cluster().serialPrefix()).isEqualTo(a.cluster().serialPrefix());
  }

  // SER-2: there are 127 of them.
  @Test
  void join_noPrefixLeft_refused() throws Exception {
    Member a = join("a");
    execute(
        "insert into replica (id, serial_prefix, seen) select 'x' || n, n, now()"
            + " from generate_series(1, 127) n where n <> "
            + a.cluster().serialPrefix());

    assertThatThrownBy(() -> join("b"))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("there are 127 replicas that have not left");

    execute("delete from replica where id = (select max(id) from replica)");
    assertThat(join("b").cluster().serialPrefix()).isBetween(1, 127);
  }

  @Test
  void join_idOfALiveProcess_refusedAndSaysWho() throws Exception {
    Member first = join("a");

    assertThatThrownBy(() -> join("a", clock, Duration.ZERO))
        .isInstanceOf(LedgerException.class)
        .hasMessageMatching(
            "replica id a is used by another process \\(connection \\d+ from 127\\.0\\.0\\.1\\);"
                + " each server needs a data-dir of its own");

    first.vanish();
    assertThat(join("a").sees()).containsExactly("a");
  }

  // A copy of it was started while it could not reach the database.
  @Test
  void keep_idTakenMeanwhile_refusedUntilTheOtherEnds() throws Exception {
    ReplicaId id = new ReplicaId("a");
    try (PostgresDatabase database = PostgresDatabase.open(settings, id);
        PostgresDatabase copied = PostgresDatabase.open(settings, id);
        SqlIssuanceLedger ledger = new SqlIssuanceLedger(database);
        PostgresSession first = PostgresSession.open(database, Duration.ZERO)) {
      kill(backend("a"));
      PostgresSession second = PostgresSession.open(copied, Duration.ofSeconds(30));

      assertThatThrownBy(first::keep).hasMessageContaining("replica id a is used by another");
      assertThat(ledger.problem()).hasValueSatisfying(why -> assertThat(why).contains("data-dir"));
      assertThatThrownBy(() -> ledger.intend(intent(SERIAL)))
          .isInstanceOf(LedgerException.class)
          .hasMessageContaining("each server needs a data-dir of its own");

      second.close();
      awaitKept(first);
      ledger.intend(intent(SERIAL));
    }
  }

  // As a process that is stopped, or a container that is paused: its machine answers for it.
  @Test
  void leads_processSaysNothing_anotherOneLeads() throws Exception {
    try (PostgresDatabase database = PostgresDatabase.open(settings, new ReplicaId("a"));
        PostgresSession frozen =
            PostgresSession.open(database, Duration.ZERO, Duration.ofMillis(500))) {
      assertThat(frozen.leads()).isTrue();
      Leadership other = join("b").leadership();

      while (!other.leads()) {
        Thread.onSpinWait();
      }

      assertThat(frozen.leads()).isFalse();
      frozen.keep(); // it has its id again
    }
  }

  // The server may not yet know that a connection was closed.
  private static void awaitKept(PostgresSession session) {
    while (true) {
      try {
        session.keep();
        return;
      } catch (SQLException e) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void all_joinedLeftAndBack_thoseThatHaveNotLeft() throws Exception {
    Member a = join("a");
    Member b = join("b");
    b.cluster().replicas().report(new Report(7, 7, 2, 1));

    assertThat(a.cluster().replicas().all())
        .extracting(Replica::id, Replica::report)
        .containsExactly(tuple("a", new Report(0, 0, 0, 0)), tuple("b", new Report(7, 7, 2, 1)));

    b.close();
    assertThat(a.sees()).containsExactly("a");
    var _ = join("b");
    assertThat(a.sees()).containsExactly("a", "b");
  }

  @Test
  void all_clocksApart_skewSaysHowMuch() throws Exception {
    TestClock ahead = new TestClock();
    ahead.advance(Duration.ofHours(1));
    Member a = join("a");
    Member b = join("b", ahead, LONG);
    for (Member each : List.of(a, b)) {
      each.cluster().replicas().report(new Report(1, 1, 1, 1)); // measures
      each.cluster().replicas().report(new Report(2, 2, 1, 1)); // tells
    }

    List<Replica> all = a.cluster().replicas().all();

    assertThat(all.getLast().skew().minus(all.getFirst().skew()))
        .isBetween(Duration.ofMinutes(59), Duration.ofMinutes(61));
    assertThat(all.getFirst().silent()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
  }

  @Test
  void leads_several_oneUntilItStops() throws Exception {
    Member a = join("a");
    Member b = join("b");
    assertThat(a.leadership().leads()).isTrue();
    assertThat(b.leadership().leads()).isFalse();
    assertThat(a.leadership().leads()).isTrue();

    a.close();

    assertThat(b.leadership().leads()).isTrue();
  }

  @Test
  void leads_connectionKilled_theOtherTakesOver() throws Exception {
    Member a = join("a");
    Member b = join("b");
    assertThat(a.leadership().leads()).isTrue();

    kill(backend("a"));
    while (!b.leadership().leads()) {
      Thread.onSpinWait();
    }

    assertThat(a.leadership().leads()).isFalse();
    a.cluster().replicas().report(new Report(1, 1, 1, 1)); // it is itself again all the same
    assertThat(b.sees()).containsExactly("a", "b");
  }

  // All that servers have to agree on hangs on this.
  @Test
  void append_sameNumberByTwo_oneIsRecorded() throws Exception {
    Member a = join("a");
    Member b = join("b");
    RotationJournal one = new SqlRotationJournal(a.database(), "x509");
    RotationJournal other = new SqlRotationJournal(b.database(), "x509");

    assertThat(one.append(entry("by a"))).isTrue();
    assertThat(other.append(entry("by b"))).isFalse();

    assertThat(other.last()).contains(entry("by a"));
    assertThat(a.database().ended()).isEmpty();
    assertThat(b.database().ended()).isEmpty();
  }

  private static JournalEntry entry(String by) {
    return new JournalEntry(
        1,
        Fixtures.NOW,
        by,
        "for a test",
        new Steady(
            new Generation(1, new KeyLabel("root-1")),
            1,
            new Terms(Fixtures.NOW, false, false, false),
            Optional.empty()));
  }

  @Test
  void announce_byOne_heardByAll() throws Exception {
    Member a = join("a");
    Member b = join("b");
    Semaphore heardByA = new Semaphore(0);
    Semaphore heardByB = new Semaphore(0);
    var _ = a.cluster().changes().listen(heardByA::release);
    var _ = b.cluster().changes().listen(heardByB::release);
    awaitListening(2);
    int _ = heardByA.drainPermits();
    int _ = heardByB.drainPermits();

    a.cluster().changes().announce();

    heardByA.acquire();
    heardByB.acquire();
  }

  // Something may have been announced meanwhile.
  @Test
  void listen_connectionsKilled_toldWhenItListensAgain() throws Exception {
    Member a = join("a");
    awaitListening(1);
    Semaphore heard = new Semaphore(0);
    var _ = a.cluster().changes().listen(heard::release);

    server.cutOff(settings);

    heard.acquire();
  }

  @Test
  void reconcile_ofAnother_leavesWhatIsOpen() throws Exception {
    Member a = join("a");
    Member b = join("b");
    try (SqlIssuanceLedger one = new SqlIssuanceLedger(a.database());
        SqlIssuanceLedger other = new SqlIssuanceLedger(b.database())) {
      one.intend(intent(SERIAL));

      assertThat(other.reconcile().count()).isZero();
      one.issued(SERIAL, new byte[] {1});

      assertThat(other.find(SERIAL).orElseThrow().signature()).isPresent();
    }
  }

  // KC-7: the start of one must not destroy the key that another signs with.
  @Test
  void issuing_ofAnother_notTold() throws Exception {
    SqlAuthorityStore one = new SqlAuthorityStore(join("a").database());
    SqlAuthorityStore other = new SqlAuthorityStore(join("b").database());
    one.intendIssuing(new KeyLabel("k"));

    assertThat(other.issuing()).isEmpty();
    assertThat(one.issuing()).containsExactly(new KeyLabel("k"));
  }

  // ISS-8, KC-7
  @Test
  void forget_silent_whatItLeftIsTakenOver() throws Exception {
    Member a = join("a");
    Member b = join("b");
    new SqlAuthorityStore(a.database()).intendIssuing(new KeyLabel("k"));
    try (SqlIssuanceLedger one = new SqlIssuanceLedger(a.database());
        SqlIssuanceLedger other = new SqlIssuanceLedger(b.database())) {
      one.intend(intent(SERIAL));
      assertThat(b.cluster().replicas().forget(Duration.ofHours(1))).isEmpty();

      assertThat(b.cluster().replicas().forget(Duration.ZERO)).containsExactly("a");

      assertThat(b.sees()).containsExactly("b");
      assertThat(other.find(SERIAL).orElseThrow().result()).isEqualTo(new Result.Unknown());
      assertThat(new SqlAuthorityStore(b.database()).issuing()).containsExactly(new KeyLabel("k"));
      assertThatThrownBy(() -> one.issued(SERIAL, new byte[] {1}))
          .isInstanceOf(LedgerException.class);
      assertThatThrownBy(() -> a.cluster().replicas().report(new Report(9, 9, 9, 9)))
          .hasMessageContaining("was silent for so long that it was forgotten; restart it");
      assertThat(one.problem()).hasValueSatisfying(why -> assertThat(why).contains("restart it"));
    }
  }

  // What it reads when it wakes does not let it go on: the others have not heard of it since.
  @Test
  void heard_frozenUntilForgotten_notSince() throws Exception {
    Member a = join("a");
    Member b = join("b");
    a.cluster().replicas().report(new Report(1, 1, 1, 1));
    assertThat(a.cluster().replicas().heard()).isEqualTo(Fixtures.NOW);
    assertThat(b.cluster().replicas().forget(Duration.ZERO)).containsExactly("a");
    clock.advance(Duration.ofHours(1));

    assertThatThrownBy(() -> a.cluster().replicas().report(new Report(2, 2, 2, 2)))
        .hasMessageEndingWith("was forgotten; restart it");

    assertThat(a.cluster().replicas().heard()).isEqualTo(Fixtures.NOW);
    b.cluster().replicas().report(new Report(2, 2, 2, 2));
    assertThat(b.cluster().replicas().heard()).isEqualTo(clock.instant());
  }

  // KC-7, SER-1: its keys and its prefix are another's by now.
  @Test
  void keep_forgottenAndReconnected_barredUntilARestart() throws Exception {
    Member a = join("a");
    Member b = join("b");
    a.session().keep();
    kill(backend("a"));
    assertThat(b.cluster().replicas().forget(Duration.ZERO)).containsExactly("a");

    assertThatThrownBy(a.session()::keep).hasMessageEndingWith("was forgotten; restart it");
    assertThat(a.database().ended())
        .hasValueSatisfying(why -> assertThat(why).contains("restart it"));
    assertThatThrownBy(a.database()::connect).hasMessageEndingWith("was forgotten; restart it");

    a.vanish();
    assertThat(join("a").sees()).containsExactly("a", "b");
  }

  // It has heard of it, and has another connection now.
  @Test
  void keep_barredAndReconnected_staysBarred() throws Exception {
    Member a = join("a");
    Member b = join("b");
    assertThat(b.cluster().replicas().forget(Duration.ZERO)).containsExactly("a");
    assertThatThrownBy(() -> a.cluster().replicas().report(new Report(9, 9, 9, 9)))
        .hasMessageEndingWith("was forgotten; restart it");
    kill(backend("a"));

    assertThatThrownBy(a.session()::keep).isInstanceOf(SQLException.class);
    a.database().admit();

    assertThat(a.database().ended()).isPresent();
  }

  // What makes the ledger write again must not be faster than what tells that it may not.
  @Test
  void reopen_forgottenMeanwhile_barred() throws Exception {
    Member a = join("a");
    Member b = join("b");
    assertThat(b.cluster().replicas().forget(Duration.ZERO)).containsExactly("a");
    var _ = a.database().fail(new SQLException("cut off"));

    a.database().reopen();

    assertThat(a.database().ended())
        .hasValueSatisfying(why -> assertThat(why).endsWith("was forgotten; restart it"));
  }

  private void awaitListening(int count) throws SQLException {
    String listening =
        "pg_stat_activity where query in ('listen signet', 'select 1') and state = 'idle'"
            + " and datname = '"
            + settings.user()
            + "'";
    while (count(listening) < count) {
      Thread.onSpinWait();
    }
  }

  // Of the session of this replica.
  private int backend(String replica) throws SQLException {
    return number(
        "select pid from pg_locks where locktype = 'advisory' and granted"
            + " and database = (select oid from pg_database where datname = current_database())"
            + " and ((classid::bigint << 32) | objid::bigint)"
            + " = hashtextextended('signet public replica "
            + replica
            + "', 0)");
  }

  private void kill(int backend) throws SQLException {
    server.execute("select pg_terminate_backend(" + backend + ")");
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = server.connect(settings);
        Statement statement = connection.createStatement()) {
      boolean _ = statement.execute(sql);
    }
  }

  private int count(String from) throws SQLException {
    return number("select count(*) from " + from);
  }

  private int number(String sql) throws SQLException {
    try (Connection connection = server.connect(settings);
        Statement query = connection.createStatement();
        ResultSet row = query.executeQuery(sql)) {
      row.next();
      return row.getInt(1);
    }
  }
}
