package io.signet.ca.store;

import static io.signet.ca.ledger.IssuanceLedgerContract.intent;
import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.KEY;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.Immutable;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authorization.Grant;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssueSvid;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.SerialTakenException;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.store.GroupCommit.Limits;
import io.signet.ca.store.WatchedLedger.Step;
import io.signet.ca.testing.CapturedLog;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.FakeKeyCustodian.Gate;
import io.signet.hsm.Fault;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * One fault at each step of an issuance on the real store (ISS-10): what the caller is told, and
 * what the ledger holds when it is opened again. Whatever the fault, nothing is released without
 * its result (ISS-8), and no signature was ever made without an intent for the same bytes (ISS-2).
 */
@Timeout(60)
final class IssuanceFaultsTest {

  /** The certificate that is asked for; the root and the issuing authority have 1 and 2. */
  private static final SerialNumber ASKED = serial(3);

  private static final Limits PATIENT = limits(10, Duration.ofSeconds(30));
  private static final Limits IMPATIENT = limits(10, Duration.ofMillis(50));
  private static final Limits NARROW = limits(1, Duration.ofSeconds(30));

  // A store that failed stays so, and what it did can be looked at.
  private static Limits limits(int queue, Duration patience) {
    return new Limits(queue, patience, Duration.ofHours(1));
  }

  /** What goes wrong. */
  enum Trouble {
    NO_AUTHORITY(world -> world.clock.advance(Duration.ofDays(3))),
    LINT(world -> world.hosts = List.of("no host")),
    SERIALS_REPEAT(world -> world.serials = () -> serial(1)),

    STATEMENT(IssuanceFaultsTest::trap),
    WRITE(world -> FaultyDisk.onWrite(IssuanceFaultsTest::fail)),
    FLUSH(world -> FaultyDisk.onForce(IssuanceFaultsTest::fail)),
    SLOW_DISK(IssuanceFaultsTest::delayFlush),
    DISK_HANGS(IssuanceFaultsTest::hang),
    QUEUE_FULL(IssuanceFaultsTest::fillQueue),
    CLOSED(world -> world.ledger.close()),

    KEY_BUSY(world -> world.failSign(Fault.BUSY)),
    KEY_LOST(world -> world.failSign(Fault.LOST)),
    KEY_DENIED(world -> world.failSign(Fault.DENIED)),
    KEY_REJECTED(world -> world.failSign(Fault.REJECTED)),
    KEY_FATAL(world -> world.failSign(Fault.FATAL)),
    KEY_BROKEN(world -> world.failSign(Fault.BROKEN)),
    WRONG_SIGNATURE(world -> world.issuers.corruptNextSignature()),
    SLOW_KEY(IssuanceFaultsTest::delaySignature);

    private final Strike strike;

    Trouble(Strike strike) {
      this.strike = strike;
    }
  }

  @Immutable
  private interface Strike {
    void on(IssuanceFaultsTest world) throws Exception;
  }

  @RegisterExtension private final CapturedLog ofStore = new CapturedLog(EmbeddedDatabase.class);
  @RegisterExtension private final CapturedLog ofIssuance = new CapturedLog(IssueSvid.class);
  @TempDir private Path directory;
  private final TestClock clock = new TestClock();
  private final FakeKeyCustodian roots = new FakeKeyCustodian();
  private final FakeKeyCustodian issuers = new FakeKeyCustodian();
  private final Held held = new Held();
  private final ExecutorService others = Executors.newVirtualThreadPerTaskExecutor();
  private volatile Supplier<SerialNumber> serials = Fixtures.serials();
  private List<String> hosts = List.of();
  private boolean hanging;
  private Database database;
  private SqlIssuanceLedger ledger;

  @BeforeEach
  void open() throws LedgerException {
    FaultyDisk.mount();
    database = EmbeddedDatabase.open(FaultyDisk.NAME, directory);
    ledger = new SqlIssuanceLedger(database, PATIENT);
  }

  @AfterEach
  void close() {
    FaultyDisk.mount();
    held.letGo();
    others.close();
    ledger.close();
    database.close();
  }

  // ISS-4: the ledger is the audit that may refuse. Where a flush fails or hangs, an entry may be
  // there although whoever wrote it was refused; the other way round is never.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      useHeadersInDisplayName = true,
      textBlock =
          """
          when             | trouble         | told                | left    | signatures
          AT_FIRST         | NO_AUTHORITY    | NO_AUTHORITY        | NOTHING | 0
          AT_FIRST         | LINT            | SELF_CHECK_FAILED   | NOTHING | 0
          AT_FIRST         | SERIALS_REPEAT  | LEDGER_UNAVAILABLE  | NOTHING | 0
          BEFORE_INTENT    | STATEMENT       | LEDGER_UNAVAILABLE  | NOTHING | 0
          BEFORE_INTENT    | WRITE           | LEDGER_UNAVAILABLE  | NOTHING | 0
          BEFORE_INTENT    | FLUSH           | LEDGER_UNAVAILABLE  | OPEN    | 0
          BEFORE_INTENT    | SLOW_DISK       | ISSUED              | ISSUED  | 1
          BEFORE_INTENT    | DISK_HANGS      | LEDGER_UNAVAILABLE  | OPEN    | 0
          BEFORE_INTENT    | QUEUE_FULL      | LEDGER_UNAVAILABLE  | NOTHING | 0
          BEFORE_INTENT    | CLOSED          | LEDGER_UNAVAILABLE  | NOTHING | 0
          BEFORE_SIGNATURE | KEY_BUSY        | CUSTODY_UNAVAILABLE | OPEN    | 0
          BEFORE_SIGNATURE | KEY_LOST        | CUSTODY_UNAVAILABLE | OPEN    | 0
          BEFORE_SIGNATURE | KEY_DENIED      | CUSTODY_UNAVAILABLE | OPEN    | 0
          BEFORE_SIGNATURE | KEY_REJECTED    | CUSTODY_UNAVAILABLE | OPEN    | 0
          BEFORE_SIGNATURE | KEY_FATAL       | CUSTODY_UNAVAILABLE | OPEN    | 0
          BEFORE_SIGNATURE | KEY_BROKEN      | CUSTODY_UNAVAILABLE | OPEN    | 0
          BEFORE_SIGNATURE | WRONG_SIGNATURE | CUSTODY_UNAVAILABLE | OPEN    | 1
          BEFORE_SIGNATURE | SLOW_KEY        | ISSUED              | ISSUED  | 1
          BEFORE_RESULT    | STATEMENT       | LEDGER_UNAVAILABLE  | OPEN    | 1
          BEFORE_RESULT    | WRITE           | LEDGER_UNAVAILABLE  | OPEN    | 1
          BEFORE_RESULT    | FLUSH           | LEDGER_UNAVAILABLE  | ISSUED  | 1
          BEFORE_RESULT    | SLOW_DISK       | ISSUED              | ISSUED  | 1
          BEFORE_RESULT    | DISK_HANGS      | LEDGER_UNAVAILABLE  | ISSUED  | 1
          BEFORE_RESULT    | QUEUE_FULL      | LEDGER_UNAVAILABLE  | OPEN    | 1
          BEFORE_RESULT    | CLOSED          | LEDGER_UNAVAILABLE  | OPEN    | 1
          """)
  void issue_trouble_toldAndRecordedAndNothingReleased(
      String when, Trouble trouble, String told, String left, int signatures) throws Exception {
    IssueSvid issuance = issuance(when, trouble);
    if (when.equals("AT_FIRST")) {
      trouble.strike.on(this);
    }

    IssuanceOutcome outcome = ask(issuance);

    assertThat(told(outcome)).isEqualTo(told);
    assertThat(issuers.signatures()).isEqualTo(signatures);
    mend();
    assertThat(left()).isEqualTo(left);
    assertReleasedWithResult(outcome);
    assertEverySignatureHasItsIntent();
  }

  // KC-3: whoever gives up waiting leaves an intent, and no result can have been recorded yet.
  @Test
  void issue_keyHangs_intentIsThereAndNothingElse() throws Exception {
    IssueSvid issuance = issuance("AT_FIRST", Trouble.SLOW_KEY);
    Gate gate = issuers.holdNextSign();

    Future<IssuanceOutcome> asked = others.submit(() -> ask(issuance));
    gate.awaitArrival();

    assertThat(left()).isEqualTo("OPEN");
    assertThat(issuers.signatures()).isZero();
    gate.open();
    assertThat(told(asked.get())).isEqualTo("ISSUED");
    assertThat(left()).isEqualTo("ISSUED");
  }

  /** Whose ledger lets the trouble strike; root and issuing authority were made before. */
  private IssueSvid issuance(String when, Trouble trouble) throws Exception {
    Authorities authorities =
        IssuingParts.authorities(database, roots, issuers, signer(ledger), clock);
    var watched = new WatchedLedger(() -> ledger, step -> strike(when, trouble, step));
    return IssuingParts.issuance(authorities, signer(watched), clock);
  }

  private CertificateSigner signer(IssuanceLedger ledger) {
    return new CertificateSigner(ledger, () -> serials.get(), clock);
  }

  private void strike(String when, Trouble trouble, Step step) {
    if (step.name().equals(when)) {
      try {
        trouble.strike.on(this);
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  private IssuanceOutcome ask(IssueSvid issuance) {
    return hosts.isEmpty()
        ? IssuingParts.ask(issuance)
        : issuance.granted(Grant.own(CART, Duration.ofHours(1), hosts), KEY, Optional.empty());
  }

  private static String told(IssuanceOutcome outcome) {
    return switch (outcome) {
      case Issued _ -> "ISSUED";
      case Refused refused -> refused.why().name();
    };
  }

  // As after a restart, when the disk is sound again.
  private void mend() throws LedgerException {
    FaultyDisk.mount();
    held.letGo();
    while (hanging && !writesInTime()) {
      Thread.onSpinWait();
    }
    ledger.close();
    database.close();
    database = EmbeddedDatabase.open(FaultyDisk.NAME, directory);
    ledger = new SqlIssuanceLedger(database);
  }

  // One after the other: what hung has been written, too.
  private boolean writesInTime() {
    try {
      return record(104);
    } catch (SerialTakenException before) {
      return true;
    } catch (LedgerException e) {
      return false;
    }
  }

  private String left() throws LedgerException {
    return ledger
        .find(ASKED)
        .map(LedgerEntry::result)
        .map(result -> result.getClass().getSimpleName().toUpperCase(Locale.ROOT))
        .orElse("NOTHING");
  }

  private void assertReleasedWithResult(IssuanceOutcome outcome) throws Exception {
    if (outcome instanceof Issued issued) {
      X509Certificate leaf = issued.svid().leaf();
      LedgerEntry entry = ledger.find(SerialNumber.of(leaf)).orElseThrow();
      assertThat(entry.signature()).hasValue(leaf.getSignature());
      assertThat(entry.intent().tbs()).isEqualTo(leaf.getTBSCertificate());
    }
  }

  private void assertEverySignatureHasItsIntent() throws SQLException {
    Set<String> intended = new HashSet<>();
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select tbs from ledger")) {
      while (rows.next()) {
        intended.add(HexFormat.of().formatHex(rows.getBytes(1)));
      }
    }
    assertThat(
            Stream.of(roots, issuers)
                .flatMap(custodian -> custodian.signedMessages().stream())
                .map(HexFormat.of()::formatHex))
        .hasSizeGreaterThanOrEqualTo(2)
        .allMatch(intended::contains);
  }

  private void failSign(Fault fault) {
    issuers.failNextSign(new CustodyException(fault, "as told"));
  }

  private void delaySignature() {
    Gate gate = issuers.holdNextSign();
    var _ =
        others.submit(() -> {
          gate.awaitArrival();
          gate.open();
          return true;
        });
  }

  private void delayFlush() {
    FaultyDisk.onForce(held);
    var _ =
        others.submit(() -> {
          held.awaitArrival();
          held.letGo();
          return true;
        });
  }

  // Boulder's test does it so: the intent and the result are written by statements of their own.
  private void trap() throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      for (String event : List.of("insert", "update")) {
        statement.execute(
            "create trigger broken_%s before %s on ledger call '%s'"
                .formatted(event, event, LedgerFailureTest.Broken.NAME));
      }
    }
  }

  private void hang() {
    hanging = true;
    limit(IMPATIENT);
    FaultyDisk.onForce(held);
  }

  // From now on, so that what went before had all the time that it took.
  private void limit(Limits limits) {
    ledger.close();
    ledger = new SqlIssuanceLedger(database, limits);
  }

  // One is being written, and of two for the one place behind it one is refused while the other
  // has it.
  private void fillQueue() throws Exception {
    limit(NARROW);
    FaultyDisk.onForce(held);
    var _ = others.submit(() -> record(101));
    held.awaitArrival();
    List<Future<?>> two =
        List.of(others.submit(() -> record(102)), others.submit(() -> record(103)));
    while (two.stream().noneMatch(Future::isDone)) {
      Thread.onSpinWait();
    }
  }

  private boolean record(int serial) throws LedgerException {
    ledger.intend(intent(serial(serial)));
    return true;
  }

  private static void fail() throws IOException {
    throw new IOException("the disk is broken");
  }

  private static SerialNumber serial(int value) {
    return new SerialNumber(BigInteger.valueOf(value));
  }
}
