package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.signet.ca.store.Database;
import io.signet.ca.store.SqlIssuanceLedger;
import io.signet.spiffe.SerialNumber;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server is killed while it issues, and nothing that it promised is lost. */
@Tag("e2e")
final class CrashE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int CALLERS = 4;
  private static final int KILLS = 3;
  private static final int MOST_BETWEEN_KILLS = 200;
  private static final long SEED = 20_261_123;

  @TempDir private Path folder;

  // ISS-2, ISS-8, KC-7: the intent is recorded before the key is used, the result before it is
  // released.
  @Test
  void kill_underLoad_sameRootAndEveryCertificateInTheLedger() throws Exception {
    var moments = new Random(SEED);
    try (var signet = SignetProcess.dev(folder.resolve("dev"))) {
      String roots = Files.readString(signet.bundle());
      String token = signet.token("shop", "cart");
      int port = signet.workloadPort();
      var load =
          Load.of(CALLERS, Csr.create(folder), () -> CsrClient.tls(port, roots).bearing(token));
      try (load) {
        for (int i = 0; i < KILLS; i++) {
          load.awaitMore(1 + moments.nextInt(MOST_BETWEEN_KILLS), SOON);
          signet.kill();
          signet.start();
          assertThat(Files.readString(signet.bundle())).isEqualTo(roots);
        }
        load.awaitMore(CALLERS, SOON);
      }
      // ISTIO-32: a client is never told that it was wrong.
      assertThat(load.refusals()).extracting(Status::getCode).containsOnly(Code.UNAVAILABLE);
      signet.stop();
      assertAllInLedger(load.received(), signet.dataDirectory());
    }
  }

  private static void assertAllInLedger(List<X509Certificate> received, Path data)
      throws Exception {
    try (var database = Database.open(data);
        var ledger = new SqlIssuanceLedger(database)) {
      assertThat(received).hasSizeGreaterThan(KILLS);
      for (X509Certificate each : received) {
        var entry = ledger.find(new SerialNumber(each.getSerialNumber()));
        assertThat(entry).as("intent of " + each.getSerialNumber().toString(16)).isPresent();
        assertThat(entry.get().intent().tbs()).isEqualTo(each.getTBSCertificate());
        assertThat(entry.get().signature()).hasValue(each.getSignature());
      }
    }
  }
}
