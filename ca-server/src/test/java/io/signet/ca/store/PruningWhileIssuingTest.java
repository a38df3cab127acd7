package io.signet.ca.store;

import static io.signet.ca.ledger.IssuanceLedgerContract.ending;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerException;
import io.signet.spiffe.SerialNumber;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The ledger forgets what has ended while many issue. */
@Timeout(60)
final class PruningWhileIssuingTest {

  private static final int ENDED = 1_000;
  private static final int CALLERS = 8;

  // Long before all that is issued here.
  private static final Instant THEN = Instant.parse("2000-01-01T00:00:00Z");

  @TempDir private Path folder;
  @AutoClose private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  @AutoClose private IssuingServer server;

  @BeforeEach
  void recordEnded() throws Exception {
    server = IssuingServer.open(folder, folder);
    List<Future<?>> recording = new ArrayList<>();
    for (int i = 1; i <= ENDED; i++) {
      var intent = ending(i, THEN.minusSeconds(i));
      recording.add(
          threads.submit(() -> {
            server.ledger().intend(intent);
            return null;
          }));
    }
    for (Future<?> each : recording) {
      each.get();
    }
  }

  @Test
  void prune_whileManyIssue_nobodyIsRefusedAndOnlyTheEndedAreForgotten() throws Exception {
    List<X509Certificate> issued = issuedWhilePruning();

    assertThat(issued).allSatisfy(each -> assertThat(entry(each).signature()).isPresent());
    for (int i = 1; i <= ENDED; i++) {
      assertThat(server.ledger().find(ending(i, THEN).serial())).isEmpty();
    }
  }

  private List<X509Certificate> issuedWhilePruning() throws Exception {
    var pruned = new AtomicBoolean();
    var begun = new CountDownLatch(CALLERS);
    List<Future<List<X509Certificate>>> issuing =
        Stream.generate(() -> threads.submit(() -> issueUntil(pruned, begun)))
            .limit(CALLERS)
            .toList();
    try {
      begun.await();
      while (server.ledger().prune(THEN) > 0) {
        // on
      }
    } finally {
      pruned.set(true);
    }
    List<X509Certificate> issued = new ArrayList<>();
    for (var each : issuing) {
      issued.addAll(each.get());
    }
    return issued;
  }

  private List<X509Certificate> issueUntil(AtomicBoolean pruned, CountDownLatch begun) {
    List<X509Certificate> issued = new ArrayList<>();
    try {
      while (!pruned.get()) {
        issued.add(server.issue()); // fails if refused
        begun.countDown();
      }
      return issued;
    } finally {
      begun.countDown();
    }
  }

  private LedgerEntry entry(X509Certificate certificate) throws LedgerException {
    return server.ledger().find(SerialNumber.of(certificate)).orElseThrow();
  }
}
