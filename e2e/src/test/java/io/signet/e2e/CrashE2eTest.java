package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server is killed while it issues, and nothing that it promised is lost. That a leaf is not
 * signed before its intent is recorded cannot be seen from outside: {@code IssueSvidTest} has a
 * ledger that fails. Of the root's signatures {@link CrashAtSignatureE2eTest} shows it.
 */
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
  void kill_underLoad_sameRootNothingReleasedIsLostAndAllCallersGoOn() throws Exception {
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
          Path left = copyOf(signet.dataDirectory(), folder.resolve("left-" + i));
          LeftStore.assertRecorded(load.received(), left);
          signet.start();
          assertThat(Files.readString(signet.bundle())).isEqualTo(roots);
          assertUnfinishedAreReported(left, signet.log());
          load.awaitOneMoreForEach(SOON);
        }
      }
      // ISTIO-32: a client is never told that it was wrong.
      assertThat(load.refusals()).extracting(Status::getCode).containsOnly(Code.UNAVAILABLE);
      signet.stop();
      LeftStore.assertRecorded(load.received(), signet.dataDirectory());
    }
  }

  /** To be looked at as it was: whoever opens a database repairs it. */
  private static Path copyOf(Path data, Path to) throws IOException {
    Files.createDirectory(to);
    try (Stream<Path> files = Files.list(data)) {
      for (Path file : files.toList()) Files.copy(file, to.resolve(file.getFileName()));
    }
    return to;
  }

  // ISS-8: over each of them a signature may exist.
  private static void assertUnfinishedAreReported(Path data, String log) throws Exception {
    try (var store = LeftStore.open(data)) {
      List<String> unfinished = store.unfinished();
      if (unfinished.isEmpty()) {
        assertThat(log).doesNotContain("have no result");
      } else {
        assertThat(log)
            .contains(unfinished.size() + " intents have no result")
            .contains(unfinished.getFirst());
      }
    }
  }
}
