package io.signet.ca.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.IssuanceLedgerContract;
import io.signet.ca.ledger.LedgerException;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The ledger on H2 keeps the contract, and what it has promised outlives it. */
final class SqlIssuanceLedgerTest extends IssuanceLedgerContract {

  private static final int KILLS = 3;
  private static final int BETWEEN_KILLS = 6_000;

  @TempDir private Path directory;
  private Database database;
  private SqlIssuanceLedger ledger;

  @BeforeEach
  void open() throws LedgerException {
    database = EmbeddedDatabase.open(directory);
    ledger = new SqlIssuanceLedger(database);
  }

  @AfterEach
  void close() {
    ledger.close();
    database.close();
  }

  @Override
  protected IssuanceLedger ledger() {
    return ledger;
  }

  private void reopen() throws LedgerException {
    close();
    open();
  }

  @Test
  void find_afterReopen_everything() throws Exception {
    ledger.intend(intent(1));
    ledger.intend(intent(2));
    ledger.issued(serial(1), SIGNATURE);

    reopen();

    assertThat(ledger.find(serial(1)).orElseThrow().signature()).hasValue(SIGNATURE);
    assertThat(ledger.find(serial(2)).orElseThrow().intent())
        .usingRecursiveComparison()
        .isEqualTo(intent(2));
    assertThat(ledger.reconcile().count()).isOne();
  }

  // ISS-2: what was promised survives the end of the process, however sudden. After seconds of
  // writing, because a store that reuses its space may recover to an older state than it had: H2
  // 2.5.252 loses up to a second of commits so.
  @Test
  @Timeout(120)
  void intend_processKilledAgainAndAgain_everyIntentThere() throws Exception {
    List<String> promised = new ArrayList<>();
    for (int kill = 1; kill <= KILLS; kill++) {
      close();
      try (OtherProcess other = OtherProcess.writingTo(directory, kill * 1_000_000)) {
        promised.addAll(other.read(BETWEEN_KILLS));
        promised.addAll(other.kill());
      }
      open();

      assertFinished(promised);
      assertThat(ledger.reconcile().count()).isLessThanOrEqualTo(OtherProcess.THREADS);
    }
    assertThat(promised).hasSizeGreaterThanOrEqualTo(KILLS * BETWEEN_KILLS);
  }

  private void assertFinished(List<String> serials) throws LedgerException {
    for (String serial : serials) {
      assertThat(ledger.find(new SerialNumber(new BigInteger(serial))))
          .as(serial)
          .hasValueSatisfying(entry -> assertThat(entry.signature()).isPresent());
    }
  }

  // ISS-2: whoever opens the file as it is after any promise finds what was promised, also where H2
  // has begun to use space again.
  @Test
  @Timeout(60)
  void intend_fileCopiedAfterEach_lastIntentThere(@TempDir Path copies) throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set retention_time 0"); // at once, and not after a second
    }
    for (int i = 1; i <= 60; i++) {
      ledger.intend(intent(i));
      Path copy = Files.createDirectory(copies.resolve("" + i));
      Files.copy(directory.resolve("signet.mv.db"), copy.resolve("signet.mv.db"));
      try (Database crashed = EmbeddedDatabase.open(copy);
          SqlIssuanceLedger recovered = new SqlIssuanceLedger(crashed)) {
        assertThat(recovered.find(serial(i))).as("intent %d", i).isPresent();
      }
    }
  }

  // ISS-2: and of the machine, as the JDK itself saw the file forced while intend() ran.
  @Test
  @Timeout(60)
  void intend_returns_fileWasForced() throws Exception {
    List<RecordedEvent> forced = new CopyOnWriteArrayList<>();
    try (RecordingStream events = new RecordingStream()) {
      events.enable("jdk.FileForce").withoutThreshold();
      events.onEvent("jdk.FileForce", forced::add);
      events.startAsync();
      ledger.intend(intent(1));
      events.stop();
    }
    assertThat(forced.stream().map(event -> event.getString("path")))
        .anyMatch(path -> path.endsWith("signet.mv.db"));
  }

  @Test
  @Timeout(60)
  void open_usedByAnotherProcess_messageSaysSo() throws Exception {
    close();
    try (OtherProcess other = OtherProcess.writingTo(directory, 1)) {
      var _ = other.read(1);

      assertThatThrownBy(() -> EmbeddedDatabase.open(directory))
          .isInstanceOf(LedgerException.class)
          .hasMessage("data directory " + directory + " is in use by another process");
    }
    open();
  }

  @Test
  void open_directoryIsAFile_messageNamesIt() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> EmbeddedDatabase.open(file))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("store in " + file + " cannot be opened");
  }

  // H2 would open the file again for whoever asks.
  @Test
  void find_storeClosed_refused() {
    close();

    assertThatThrownBy(() -> ledger.find(serial(1)))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("the store is closed");
  }

  @Test
  void intend_storeClosedUnderneath_refusedAtOnce() throws Exception {
    ledger.intend(intent(1));
    database.close();

    assertThatThrownBy(() -> ledger.intend(intent(2)))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("the ledger cannot be written");
  }

  // A write that came in before the close is answered by its result, one after it by a refusal;
  // none is left to wait until its patience ends.
  @Test
  @Timeout(60)
  void close_whileManyWrite_eachIsAnsweredAtOnce() throws Exception {
    for (int round = 0; round < 20; round++) {
      int first = 1000 * (round + 1);
      List<LedgerException> refusals = new CopyOnWriteArrayList<>();
      try (var threads = Executors.newFixedThreadPool(8)) {
        for (int i = 0; i < 8; i++) {
          int serial = first + i;
          var _ = threads.submit(() -> intendUntilRefused(serial, refusals));
        }
        ledger.intend(intent(first + 900));
        ledger.close();
        threads.shutdown();
        assertThat(threads.awaitTermination(4, TimeUnit.SECONDS)).isTrue();
      }
      assertThat(refusals).hasSize(8).allMatch(e -> "the ledger is closed".equals(e.getMessage()));
      ledger = new SqlIssuanceLedger(database);
    }
  }

  private int intendUntilRefused(int serial, List<LedgerException> refusals) {
    for (int i = 0; ; i++) {
      try {
        ledger.intend(intent(100_000 * i + serial));
      } catch (LedgerException e) {
        refusals.add(e);
        return i;
      }
    }
  }
}
