package io.signet.ca.store;

import static io.signet.ca.ledger.IssuanceLedgerContract.intent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.Immutable;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.store.GroupCommit.Limits;
import io.signet.ca.testing.CapturedLog;
import io.signet.ca.testing.SmallDisk;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@link LedgerFailureTest} tells of a disk that is played, on one that is real (ISS-10). */
@Timeout(60)
final class RealDiskTest {

  private static final byte[] SIGNATURE = {1};
  private static final int CALLERS = 8;
  private static final int ISSUED_BEFORE = 50;

  // It never waits before it opens the store again.
  private static final Limits LIMITS = new Limits(10, Duration.ofSeconds(30), Duration.ZERO);

  @RegisterExtension private final CapturedLog log = new CapturedLog(EmbeddedDatabase.class);
  @TempDir private Path folder;
  private SmallDisk disk;
  private @Nullable Database database;
  private SqlIssuanceLedger ledger;
  private int recorded;

  @BeforeEach
  void open() throws Exception {
    disk = SmallDisk.in(folder);
    openStore();
  }

  private void openStore() throws LedgerException {
    database = EmbeddedDatabase.open(disk.path());
    ledger = new SqlIssuanceLedger(database, LIMITS);
  }

  @AfterEach
  void close() throws IOException {
    closeStore();
    disk.close();
  }

  private void closeStore() {
    if (database != null) {
      ledger.close();
      database.close();
      database = null;
    }
  }

  @Test
  void intend_diskFull_refusedWithTheReasonUntilThereIsRoom() throws Exception {
    record(20);
    disk.fill();

    for (int attempt = 0; attempt < 5; attempt++) {
      assertThat(refusal())
          .contains("the store failed (No space left on device)", "check " + disk.path());
      assertThat(ledger.problem())
          .hasValueSatisfying(why -> assertThat(why).contains("No space left on device"));
    }
    assertThat(log.alarms()).singleElement().asString().contains("No space left on device");

    disk.makeRoom();
    while (ledger.problem().isPresent()) {
      Thread.onSpinWait();
    }
    record(20);
    assertRecorded();
    restart();
    assertRecorded();
  }

  // Whoever comes after a restart finds what was recorded, and is told why there is no more.
  @Test
  void intend_restartedWhileTheDiskIsFull_refusedWithTheReasonUntilThereIsRoom() throws Exception {
    record(20);
    disk.fill();
    assertThat(refusal()).contains("No space left on device");

    restart();

    assertRecorded();
    assertThat(refusal()).contains("No space left on device");
    disk.makeRoom();
    record(20);
    assertRecorded();
  }

  @Test
  void open_firstStartOnAFullDisk_messageSaysWhy() throws Exception {
    removeStore();
    disk.fill();

    assertThatThrownBy(this::openStore)
        .isInstanceOf(LedgerException.class)
        .hasMessage(cannotBeOpened() + "No space left on device");

    disk.makeRoom();
    openStore();
    record(1);
  }

  // ext4 lets nothing be written any more after an error of the device: what it has taken and not
  // yet forced is lost, so only a restart can tell what is there.
  @Test
  void intend_diskFails_refusedForGoodAndWhatWasPromisedIsThereAfterTheRepair() throws Exception {
    record(20);
    disk.fail();

    for (int attempt = 0; attempt < 5; attempt++) {
      assertThat(refusal())
          .contains("the store failed (Read-only file system)", "check the disk, then restart");
    }
    assertThat(ledger.problem())
        .hasValueSatisfying(why -> assertThat(why).contains("check the disk, then restart"));

    closeStore();
    disk.repair();
    openStore();
    assertRecorded();
    record(20);
  }

  // A flush may succeed in the moment in which the file system drops what it was for, so a success
  // counts only while the disk still takes changes.
  @Test
  void intend_diskFailsAsTheFlushSucceeds_notPromised() throws Exception {
    closeStore();
    FaultyDisk.mount();
    database = EmbeddedDatabase.open(FaultyDisk.NAME, disk.path());
    ledger = new SqlIssuanceLedger(database, LIMITS);
    record(1);
    FaultyDisk.afterForce(disk::fail);

    assertThat(refusal()).contains("Read-only file system", "check the disk, then restart");
    assertThat(recorded).isOne();

    FaultyDisk.mount();
    closeStore();
    disk.repair();
    openStore();
    assertRecorded();
  }

  @Test
  void open_diskFailed_messageSaysWhy() throws Exception {
    record(20);
    closeStore();
    disk.fail();

    assertThatThrownBy(this::openStore)
        .isInstanceOf(LedgerException.class)
        .hasMessageStartingWith(cannotBeOpened())
        .hasMessageEndingWith("Read-only file system");
  }

  // H2 by itself would open it, to be read, and fail at the first write.
  @Test
  void open_readOnlyDisk_messageSaysWhyAndNothingIsChanged() throws Exception {
    record(20);
    closeStore();
    disk.mountReadOnly();

    assertThatThrownBy(this::openStore)
        .isInstanceOf(LedgerException.class)
        .hasMessageStartingWith(cannotBeOpened())
        .hasMessageEndingWith("Read-only file system");

    disk.repair();
    openStore();
    assertRecorded();
  }

  @Test
  void open_firstStartOnAReadOnlyDisk_messageSaysWhy() throws Exception {
    removeStore();
    disk.mountReadOnly();

    assertThatThrownBy(this::openStore)
        .isInstanceOf(LedgerException.class)
        .hasMessageStartingWith(cannotBeOpened())
        .hasMessageEndingWith("Read-only file system");
  }

  // ISS-2: not even a signature that was in the making when the disk ended.
  @ParameterizedTest
  @EnumSource
  void issue_diskEndsWhileManyIssue_refusedAndNothingSignedWithoutItsIntent(End end)
      throws Exception {
    removeStore();
    try (IssuingServer server = IssuingServer.open(disk.path(), folder)) {
      List<Refused> refusals = endAmidst(server, end);
      assertThat(refusals)
          .hasSize(CALLERS)
          .allSatisfy(each -> assertThat(each.why()).isEqualTo(Why.LEDGER_UNAVAILABLE));
    }
    List<X509Certificate> signatures = SignatureJournal.read(IssuingServer.journal(folder));
    end.undo.on(disk);
    try (IssuingServer server = IssuingServer.open(disk.path(), folder)) {
      SignatureJournal.assertIntended(signatures, server.ledger());
      assertThat(server.issue()).isNotNull();
    }
  }

  /** How a disk ends, and how it is set right. */
  enum End {
    FULL(SmallDisk::fill, SmallDisk::makeRoom),
    FAILED(SmallDisk::fail, SmallDisk::repair);

    private final Deed doing;
    private final Deed undo;

    End(Deed doing, Deed undo) {
      this.doing = doing;
      this.undo = undo;
    }
  }

  @Immutable
  private interface Deed {
    void on(SmallDisk disk) throws IOException;
  }

  /** What each of many callers is told at last, to whom certificates are issued meanwhile. */
  private List<Refused> endAmidst(IssuingServer server, End end) throws Exception {
    var issued = new CountDownLatch(ISSUED_BEFORE);
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Refused>> asking =
          Stream.generate(() -> callers.submit(() -> askUntilRefused(server, issued)))
              .limit(CALLERS)
              .toList();
      issued.await();
      end.doing.on(disk);
      List<Refused> refusals = new ArrayList<>();
      for (Future<Refused> each : asking) {
        refusals.add(each.get());
      }
      return refusals;
    }
  }

  private static Refused askUntilRefused(IssuingServer server, CountDownLatch issued) {
    while (true) {
      if (server.ask() instanceof Refused refused) {
        return refused;
      }
      issued.countDown();
    }
  }

  private void restart() throws LedgerException {
    closeStore();
    openStore();
  }

  private void removeStore() throws IOException {
    closeStore();
    Files.delete(disk.path().resolve("signet.mv.db"));
  }

  private String cannotBeOpened() {
    return "store in " + disk.path() + " cannot be opened: ";
  }

  private void record(int count) throws LedgerException {
    for (int i = 0; i < count; i++) {
      ledger.intend(intent(serial(recorded + 1)));
      recorded++;
      ledger.issued(serial(recorded), SIGNATURE);
    }
  }

  /** What whoever comes when there is no room is told; some find the last of it. */
  private String refusal() {
    try {
      while (true) {
        record(1);
      }
    } catch (LedgerException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private void assertRecorded() throws LedgerException {
    for (int i = 1; i <= recorded; i++) {
      assertThat(ledger.find(serial(i))).as("%d", i).isPresent();
    }
  }

  private static SerialNumber serial(int value) {
    return new SerialNumber(BigInteger.valueOf(value));
  }
}
