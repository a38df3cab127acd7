package io.signet.ca.store;

import static io.signet.ca.ledger.IssuanceLedgerContract.intent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.base.Throwables;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Progress;
import io.signet.ca.testing.CapturedLog;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.PostgresServer;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * What happens to a real PostgreSQL: nothing is promised that is not there afterwards, and nobody
 * has to start us again (ISS-2, ISS-10).
 */
@Timeout(120)
final class PostgresFaultsTest {

  private static final byte[] SIGNATURE = {1};
  private static final ReplicaId REPLICA = new ReplicaId("a");
  private static final int CALLERS = 8;
  private static final int CUTS = 10;
  private static final int BETWEEN_CUTS = 20;

  @TempDir private static Path folder;
  private static PostgresServer server;

  @RegisterExtension private final CapturedLog log = new CapturedLog(PostgresDatabase.class);
  private PostgresSettings settings;
  private PostgresDatabase database;
  private SqlIssuanceLedger ledger;
  private final AtomicInteger next = new AtomicInteger(1);

  @BeforeAll
  static void startServer() throws IOException {
    server = PostgresServer.start(folder);
  }

  @AfterAll
  static void stopServer() throws IOException {
    server.close();
  }

  @BeforeEach
  void open() throws Exception {
    settings = server.database();
    database = PostgresDatabase.open(settings, REPLICA);
    ledger = new SqlIssuanceLedger(database);
  }

  @AfterEach
  void close() {
    ledger.close();
    database.close();
  }

  @Test
  void intend_serverStopped_refusedWithTheReasonUntilItIsBack() throws Exception {
    record(20);
    server.stop();
    try {
      for (int attempt = 0; attempt < 3; attempt++) {
        assertThatThrownBy(() -> record(1))
            .isExactlyInstanceOf(LedgerException.class)
            .hasMessageContaining("it is used again as soon as it answers");
        assertThat(ledger.problem())
            .hasValueSatisfying(why -> assertThat(why).contains(settings.where()));
      }
      assertThatThrownBy(() -> ledger.find(serial(1))).isInstanceOf(LedgerException.class);
    } finally {
      server.start();
    }
    awaitRecovery();

    record(20);
    assertRecorded(40, 1);
    assertThat(log.alarms()).singleElement().asString().contains("nothing is issued: database");
  }

  @Test
  void open_serverStopped_mayBeTriedAgain() throws Exception {
    server.stop();
    try {
      assertThatThrownBy(() -> PostgresDatabase.open(settings, REPLICA))
          .isInstanceOf(StoreAwayException.class)
          .hasMessageContaining(settings.where() + " cannot be opened: ");
    } finally {
      server.start();
    }
    PostgresDatabase.open(settings, REPLICA).close();
  }

  // The password is in no message, also not of its cause.
  @Test
  void open_wrongPassword_refusedForGood() {
    PostgresSettings wrong = withPassword(() -> "of-another");

    assertThatThrownBy(() -> PostgresDatabase.open(wrong, REPLICA))
        .isExactlyInstanceOf(LedgerException.class)
        .hasMessageContaining("password authentication failed")
        .satisfies(e -> assertThat(trace(e)).doesNotContain("of-another"));
  }

  @Test
  void open_noSuchDatabase_refusedForGood() {
    PostgresSettings other =
        new PostgresSettings(settings.url() + "x", settings.user(), settings.password());

    assertThatThrownBy(() -> PostgresDatabase.open(other, REPLICA))
        .isExactlyInstanceOf(LedgerException.class)
        .hasMessageContaining("does not exist");
  }

  @Test
  void connect_passwordChanged_readAgain() throws Exception {
    AtomicReference<String> password = new AtomicReference<>(settings.user());
    try (PostgresDatabase changing = PostgresDatabase.open(withPassword(password::get), REPLICA);
        SqlIssuanceLedger other = new SqlIssuanceLedger(changing)) {
      other.intend(intent(serial(1)));
      server.execute("alter role %s password 'next'".formatted(settings.user()));
      password.set("next");
      server.cutOff(settings);

      intendWhenBack(other);
    }
  }

  // Also where the server's own setting, or the user's, is laxer.
  @Test
  void connect_serverCommitsLazily_commitsAreOnTheDisk() throws Exception {
    server.execute("alter role %s set synchronous_commit = off".formatted(settings.user()));
    server.cutOff(settings);

    try (PostgresDatabase lazy = PostgresDatabase.open(settings, REPLICA);
        Connection connection = lazy.connect()) {
      assertThat(setting(connection, "synchronous_commit")).isEqualTo("on");
    }
  }

  // A stricter one stays.
  @Test
  void connect_serverWaitsForItsStandby_itStillDoes() throws Exception {
    server.execute(
        "alter role %s set synchronous_commit = remote_apply".formatted(settings.user()));
    server.cutOff(settings);

    try (PostgresDatabase strict = PostgresDatabase.open(settings, REPLICA);
        Connection connection = strict.connect()) {
      assertThat(setting(connection, "synchronous_commit")).isEqualTo("remote_apply");
    }
  }

  // Others have all of them: the database has not failed, and whoever has one goes on.
  @Test
  void connect_allConnectionsAtWork_refusedAndNothingHasFailed() throws Exception {
    record(1);
    List<Connection> taken = new ArrayList<>();
    try {
      while (taken.size() < 7) { // the ledger has its own
        taken.add(database.connect());
      }

      assertThatThrownBy(database::connect)
          .hasMessage(
              "all 8 connections to %s are at work (expected: one that is free within PT3S)"
                  .formatted(settings.where()));

      assertThat(database.ended()).isEmpty();
      assertThat(ledger.problem()).isEmpty();
      record(1);
    } finally {
      for (Connection each : taken) {
        each.close();
      }
    }
    database.connect().close();
    assertThat(log.alarms()).isEmpty();
  }

  // A question that reads much takes none of them, and has the time that it needs.
  @Test
  void connectToRead_allConnectionsAtWork_oneOfItsOwnWithMoreTime() throws Exception {
    SqlHolders holders = SqlHolders.open(database, "a");
    List<Connection> taken = new ArrayList<>();
    try {
      while (taken.size() < 8) {
        taken.add(database.connect());
      }

      assertThat(holders.lacking(1, Fixtures.NOW, 9)).isEqualTo(Progress.NONE);
      assertThat(setting(taken.getFirst(), "statement_timeout")).isEqualTo("3s");
      try (Connection reading = database.connectToRead()) {
        assertThat(setting(reading, "statement_timeout")).isEqualTo("20s");
      }
    } finally {
      for (Connection each : taken) {
        each.close();
      }
    }
  }

  // Nor does it fail for the ledger, when that has to connect again.
  @Test
  void intend_allConnectionsAtWork_refusedAndNothingHasFailed() throws Exception {
    List<Connection> taken = new ArrayList<>();
    try {
      while (taken.size() < 8) {
        taken.add(database.connect());
      }

      assertThatThrownBy(() -> ledger.intend(intent(serial(1))))
          .isExactlyInstanceOf(LedgerException.class)
          .hasMessageContaining("all 8 connections to");
      assertThat(ledger.problem()).isEmpty();
    } finally {
      for (Connection each : taken) {
        each.close();
      }
    }
    ledger.intend(intent(serial(1)));
  }

  // Somebody's lock: whoever waits is refused in time, and nothing of it is there.
  @Test
  void intend_tableLocked_refusedInTimeAndRecoversWhenItIsFree() throws Exception {
    record(1);
    try (Connection lock = server.connect(settings);
        Statement statement = lock.createStatement()) {
      lock.setAutoCommit(false);
      boolean _ = statement.execute("lock table unfinished in exclusive mode");

      assertThatThrownBy(() -> ledger.intend(intent(serial(2))))
          .isExactlyInstanceOf(LedgerException.class)
          .hasMessageContaining("canceling statement due to statement timeout");
      lock.rollback();
    }
    assertThat(found(serial(2))).isFalse();

    intendWhenBack(ledger);
    assertRecorded(1, 1);
  }

  // As when its machine hangs, or the network drops everything.
  @Test
  void intend_serverHangs_refusedInTimeAndRecoversWhenItAnswers() throws Exception {
    record(1);
    server.freeze();
    try {
      assertThatThrownBy(() -> ledger.intend(intent(serial(2))))
          .isExactlyInstanceOf(LedgerException.class);
      while (ledger.problem().isEmpty()) {
        Thread.onSpinWait();
      }
    } finally {
      server.thaw();
    }
    awaitRecovery();

    intendWhenBack(ledger);
    assertRecorded(1, 1);
  }

  // In the middle of whatever group is just written.
  @Test
  void record_connectionsKilledAgainAndAgain_whatWasPromisedIsThere() throws Exception {
    var promised = new LinkedBlockingQueue<SerialNumber>();
    var cutting = new AtomicBoolean(true);
    List<SerialNumber> all = new ArrayList<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> asking =
          Stream.generate(() -> callers.submit(() -> recordWhile(cutting, promised)))
              .limit(CALLERS)
              .toList();
      for (int cut = 0; cut < CUTS; cut++) {
        for (int i = 0; i < BETWEEN_CUTS; i++) {
          all.add(Objects.requireNonNull(promised.poll(30, TimeUnit.SECONDS), "recorded"));
        }
        server.cutOff(settings);
      }
      cutting.set(false);
      for (Future<Integer> each : asking) {
        assertThat(each.get()).isNotNegative();
      }
    }
    int _ = promised.drainTo(all);
    awaitRecovery();
    assertThat(all).doesNotHaveDuplicates();
    for (SerialNumber serial : all) {
      assertThat(ledger.find(serial).orElseThrow().signature()).as("%s", serial).isPresent();
    }
  }

  private int recordWhile(AtomicBoolean cutting, Queue<SerialNumber> promised) {
    int refused = 0;
    while (cutting.get()) {
      SerialNumber serial = serial(next.getAndIncrement());
      try {
        ledger.intend(intent(serial));
        ledger.issued(serial, SIGNATURE);
        boolean _ = promised.offer(serial);
      } catch (LedgerException e) {
        refused++;
      }
    }
    return refused;
  }

  private void record(int count) throws LedgerException {
    for (int i = 0; i < count; i++) {
      SerialNumber serial = serial(next.get());
      ledger.intend(intent(serial));
      ledger.issued(serial, SIGNATURE);
      next.incrementAndGet();
    }
  }

  private void assertRecorded(int count, int first) throws LedgerException {
    for (int i = first; i < first + count; i++) {
      assertThat(ledger.find(serial(i)).orElseThrow().signature()).as("%d", i).isPresent();
    }
  }

  private void awaitRecovery() {
    while (ledger.problem().isPresent()) {
      Thread.onSpinWait();
    }
  }

  // Each time another one: of what was refused nobody knows whether it is there.
  private static void intendWhenBack(SqlIssuanceLedger ledger) {
    for (int i = 1000; ; i++) {
      try {
        ledger.intend(intent(serial(i)));
        return;
      } catch (LedgerException e) {
        Thread.onSpinWait();
      }
    }
  }

  private boolean found(SerialNumber serial) throws SQLException {
    try (Connection connection = server.connect(settings);
        var query = connection.prepareStatement("select 1 from ledger where serial = ?")) {
      query.setBytes(1, serial.value().toByteArray());
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }

  private PostgresSettings withPassword(Supplier<String> password) {
    return new PostgresSettings(
        settings.url(),
        settings.user(),
        Optional.of(() -> SecretBytes.copyOf(password.get().getBytes(StandardCharsets.UTF_8))));
  }

  private static String setting(Connection connection, String name) throws SQLException {
    try (Statement query = connection.createStatement();
        ResultSet row = query.executeQuery("show " + name)) {
      row.next();
      return row.getString(1);
    }
  }

  private static String trace(Throwable failure) {
    return Throwables.getStackTraceAsString(failure);
  }

  private static SerialNumber serial(int value) {
    return new SerialNumber(BigInteger.valueOf(value));
  }
}
