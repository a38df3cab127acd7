package io.signet.ca.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.testing.PostgresServer;
import io.signet.spiffe.SerialNumber;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * All of a server that issues, on a PostgreSQL whose connections are killed again and again: what
 * is signed has its intent, and what is released its result (ISS-2, ISS-8, ISS-10).
 */
@Timeout(120)
final class PostgresIssuanceTest {

  private static final int CALLERS = 8;
  private static final int CUTS = 10;
  private static final int BETWEEN_CUTS = 20;

  private final PostgresServer server = PostgresServer.shared();
  @TempDir private Path folder;

  @Test
  void issue_connectionsKilledAgainAndAgain_nothingWithoutItsRecord() throws Exception {
    PostgresSettings settings = server.database();
    ReplicaId replica = new ReplicaId("a");
    var released = new LinkedBlockingQueue<X509Certificate>();
    List<X509Certificate> all = new ArrayList<>();
    Set<Why> refusals = EnumSet.noneOf(Why.class);
    try (var issuing =
            IssuingServer.open(PostgresDatabase.open(settings, replica), folder, _ -> {});
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      var cutting = new AtomicBoolean(true);
      List<Future<Set<Why>>> asking =
          Stream.generate(() -> callers.submit(() -> askWhile(cutting, issuing, released)))
              .limit(CALLERS)
              .toList();
      for (int cut = 0; cut < CUTS; cut++) {
        for (int i = 0; i < BETWEEN_CUTS; i++) {
          all.add(Objects.requireNonNull(released.poll(30, TimeUnit.SECONDS), "issued"));
        }
        server.cutOff(settings);
      }
      cutting.set(false);
      for (Future<Set<Why>> each : asking) {
        boolean _ = refusals.addAll(each.get());
      }
    }
    int _ = released.drainTo(all);
    assertThat(refusals).containsOnly(Why.LEDGER_UNAVAILABLE);
    try (PostgresDatabase database = PostgresDatabase.open(settings, replica);
        SqlIssuanceLedger ledger = new SqlIssuanceLedger(database)) {
      SignatureJournal.assertIntended(SignatureJournal.read(IssuingServer.journal(folder)), ledger);
      for (X509Certificate each : all) {
        assertThat(ledger.find(SerialNumber.of(each)).orElseThrow().signature())
            .hasValue(each.getSignature());
      }
    }
  }

  private static Set<Why> askWhile(
      AtomicBoolean cutting, IssuingServer server, Queue<X509Certificate> released) {
    Set<Why> refusals = EnumSet.noneOf(Why.class);
    while (cutting.get()) {
      switch (server.ask()) {
        case Issued issued -> {
          boolean _ = released.offer(issued.svid().leaf());
        }
        case Refused refused -> {
          boolean _ = refusals.add(refused.why());
        }
      }
    }
    return refusals;
  }
}
