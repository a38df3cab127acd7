package io.signet.ca.store;

import static io.signet.ca.ledger.IssuanceLedgerContract.intent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.SerialTakenException;
import io.signet.ca.store.GroupCommit.Limits;
import io.signet.ca.testing.CapturedLog;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.h2.api.Trigger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The store fails at each step of a write (ISS-10), and nothing is promised that is not so. */
@Timeout(60)
final class LedgerFailureTest {

  private static final byte[] SIGNATURE = {1};

  @RegisterExtension private final CapturedLog log = new CapturedLog(EmbeddedDatabase.class);
  @TempDir private Path directory;
  private Database database;
  private SqlIssuanceLedger ledger;
  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void open() throws LedgerException {
    FaultyDisk.mount();
    reopen();
  }

  private void reopen() throws LedgerException {
    database = EmbeddedDatabase.open(FaultyDisk.NAME, directory);
    ledger = new SqlIssuanceLedger(database, new Limits(10, Duration.ofSeconds(30), Duration.ZERO));
  }

  @AfterEach
  void close() {
    FaultyDisk.mount();
    callers.close();
    ledger.close();
    database.close();
  }

  // ISS-2: Linux reports a failed flush once, so a later one that succeeds proves nothing.
  @Test
  void intend_flushFails_endsForGoodAndSaysWhy() throws Exception {
    ledger.intend(intent(serial(1)));
    FaultyDisk.onForce(LedgerFailureTest::fail);

    assertThatThrownBy(() -> ledger.intend(intent(serial(2))))
        .isExactlyInstanceOf(LedgerException.class)
        .hasMessageContaining("check the disk, then restart");

    FaultyDisk.mount();
    assertThatThrownBy(() -> ledger.intend(intent(serial(3))))
        .isExactlyInstanceOf(LedgerException.class)
        .hasMessageContaining("check the disk, then restart");
    assertThatThrownBy(() -> ledger.find(serial(1)))
        .hasMessageContaining("check the disk, then restart");
    assertThat(ledger.problem()).hasValueSatisfying(why -> assertThat(why).contains("restart"));
    assertThat(log.alarms()).singleElement().asString().contains("the disk is broken");
  }

  // What could not be written is not in the file, and what was is on the disk: to go on is safe.
  @Test
  void intend_writeFails_refusedUntilTheDiskTakesWrites() throws Exception {
    ledger.intend(intent(serial(1)));
    FaultyDisk.onWrite(LedgerFailureTest::fail);

    for (int attempt = 2; attempt < 5; attempt++) {
      SerialNumber serial = serial(attempt);
      assertThatThrownBy(() -> ledger.intend(intent(serial)))
          .isExactlyInstanceOf(LedgerException.class)
          .hasMessageContaining("the store failed (the disk is broken); it is opened again when");
      assertThat(ledger.problem())
          .hasValueSatisfying(why -> assertThat(why).contains("the disk is broken"));
    }
    assertThat(log.alarms()).singleElement().asString().contains("the disk is broken");

    FaultyDisk.mount();
    ledger.intend(intent(serial(6)));
    ledger.issued(serial(6), SIGNATURE);
    ledger.issued(serial(1), SIGNATURE); // its caller was in the middle of it
    assertThat(ledger.problem()).isEmpty();
    close();
    reopen();
    assertThat(ledger.find(serial(1)).orElseThrow().signature()).hasValue(SIGNATURE);
    assertThat(ledger.find(serial(6)).orElseThrow().signature()).hasValue(SIGNATURE);
  }

  // A server that is not ready is not asked, and would never be ready again.
  @Test
  void problem_diskTakesWritesAgain_goneWithoutAnybodyAsking() throws Exception {
    FaultyDisk.onWrite(LedgerFailureTest::fail);
    assertThatThrownBy(() -> ledger.intend(intent(serial(1)))).isInstanceOf(LedgerException.class);
    assertThat(ledger.problem()).isPresent();

    FaultyDisk.mount();
    while (ledger.problem().isPresent()) {
      Thread.onSpinWait();
    }
    assertThat(ledger.find(serial(1))).isEmpty();
  }

  // The store of the root is the same one.
  @Test
  void root_writeFailed_readAgainWhenTheDiskTakesWrites() throws Exception {
    var store = new SqlAuthorityStore(database);
    store.intend(1, new KeyLabel("root"));
    FaultyDisk.onWrite(LedgerFailureTest::fail);
    assertThatThrownBy(() -> ledger.intend(intent(serial(1)))).isInstanceOf(LedgerException.class);
    assertThatThrownBy(store::ca).hasMessageContaining("it is opened again when");

    FaultyDisk.mount();
    ledger.intend(intent(serial(2)));

    assertThat(store.ca()).isPresent();
  }

  // The whole group, each with the failure itself: "serial taken" would let it be drawn again.
  @Test
  void intend_flushOfAGroupFails_noneIsRecordedAndNoneIsTaken() throws Exception {
    Held held = new Held();
    FaultyDisk.onForce(held);
    Future<?> first = submit(1);
    held.awaitArrival();
    List<Future<?>> group = IntStream.rangeClosed(2, 9).<Future<?>>mapToObj(this::submit).toList();
    FaultyDisk.onForce(LedgerFailureTest::fail);
    held.letGo();

    first.get();
    for (Future<?> each : group) {
      assertThatThrownBy(each::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(LedgerException.class)
          .isNotInstanceOf(SerialTakenException.class);
    }
  }

  @Test
  void open_afterAFailedFlush_whatWasPromisedIsThereAndItRecordsAgain() throws Exception {
    ledger.intend(intent(serial(1)));
    ledger.issued(serial(1), SIGNATURE);
    FaultyDisk.onForce(LedgerFailureTest::fail);
    assertThatThrownBy(() -> ledger.intend(intent(serial(2)))).isInstanceOf(LedgerException.class);
    close();

    reopen();

    assertThat(ledger.find(serial(1)).orElseThrow().signature()).hasValue(SIGNATURE);
    ledger.intend(intent(serial(3)));
    ledger.issued(serial(3), SIGNATURE);
    assertThat(ledger.problem()).isEmpty();
  }

  // A statement that fails, as in Boulder's test by a trigger.
  @Test
  void intend_statementFails_refusedAndNothingOfItIsThere() throws Exception {
    execute("create trigger broken before insert on unfinished call '%s'".formatted(Broken.NAME));
    assertThatThrownBy(() -> ledger.intend(intent(serial(1))))
        .isExactlyInstanceOf(LedgerException.class)
        .hasMessageContaining("the trigger is broken");
    close();

    reopen();

    assertThat(ledger.find(serial(1))).isEmpty();
  }

  @Test
  void issued_flushFails_notPromised() throws Exception {
    ledger.intend(intent(serial(1)));
    FaultyDisk.onForce(LedgerFailureTest::fail);

    assertThatThrownBy(() -> ledger.issued(serial(1), SIGNATURE))
        .isInstanceOf(LedgerException.class);
  }

  @Test
  void establish_flushFails_endsForGood() throws Exception {
    var store = new SqlAuthorityStore(database);
    FaultyDisk.onForce(LedgerFailureTest::fail);
    assertThatThrownBy(() -> store.intend(1, new KeyLabel("root")))
        .isInstanceOf(LedgerException.class);
    FaultyDisk.mount();

    assertThatThrownBy(store::ca).hasMessageContaining("check the disk, then restart");
  }

  @Test
  void submit_diskHangs_refusedWhenPatienceEnds() throws Exception {
    Held held = new Held();
    FaultyDisk.onForce(held);
    try (var commits =
        new GroupCommit(database, new Limits(10, Duration.ofMillis(1), Duration.ZERO))) {
      assertThatThrownBy(() -> commits.submit(writing(1)))
          .isExactlyInstanceOf(LedgerException.class)
          .hasMessageContaining("did not write within");
      while (commits.problem().isEmpty()) {
        Thread.onSpinWait();
      }
      assertThat(commits.problem()).hasValue("the ledger did not write within PT0.001S");
      held.letGo();
    }
  }

  @Test
  void submit_queueFull_refusedAtOnce() throws Exception {
    Held held = new Held();
    FaultyDisk.onForce(held);
    try (var commits =
        new GroupCommit(database, new Limits(1, Duration.ofSeconds(30), Duration.ZERO))) {
      Future<?> written = callers.submit(submission(commits, 1));
      held.awaitArrival();
      // Of two for the one place that is left, one is refused while the other waits.
      List<Future<?>> two =
          List.of(callers.submit(submission(commits, 2)), callers.submit(submission(commits, 3)));
      while (two.stream().noneMatch(Future::isDone)) {
        Thread.onSpinWait();
      }
      assertThat(two.stream().filter(Future::isDone))
          .singleElement()
          .extracting(Future::exceptionNow)
          .asString()
          .contains("the ledger's queue is full");
      held.letGo();
      written.get();
    }
  }

  private static Callable<Boolean> submission(GroupCommit commits, int serial) {
    return () -> {
      return commits.submit(writing(serial)) == 1;
    };
  }

  private static LedgerWrite writing(int serial) {
    return ledger -> ledger.intend(intent(serial(serial)));
  }

  private Future<?> submit(int serial) {
    return callers.submit(() -> {
      ledger.intend(intent(serial(serial)));
      return true;
    });
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void fail() throws IOException {
    throw new IOException("the disk is broken");
  }

  private static SerialNumber serial(int value) {
    return new SerialNumber(BigInteger.valueOf(value));
  }

  /** Fails whatever fires it. */
  public static final class Broken implements Trigger {
    static final String NAME = "io.signet.ca.store.LedgerFailureTest$Broken";

    @Override
    public void fire(Connection connection, Object[] before, Object[] after) throws SQLException {
      throw new SQLException("the trigger is broken");
    }
  }
}
