package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.signet.ca.testing.SmallDisk;
import io.signet.e2e.peers.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk under the store of a server takes no more while it issues. */
@Tag("e2e")
final class DiskE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int CALLERS = 4;
  private static final int SOME = 20;

  @TempDir private Path folder;
  @AutoClose private SmallDisk disk;
  private Path config;

  @BeforeEach
  void configure() throws IOException {
    disk = SmallDisk.in(folder);
    var server = ServerFolder.create(folder.resolve("server"));
    server.configureMore("limits: { per-identity: off, per-address: off }\n");
    Files.createSymbolicLink(server.path().resolve("data"), disk.path());
    config = server.config();
  }

  // ISS-2, ISTIO-32
  @Test
  void fill_underLoad_unavailableAndNotReadyUntilThereIsRoomAndNothingReleasedIsLost()
      throws Exception {
    try (var signet = SignetProcess.serve(config)) {
      Path socket = signet.socket();
      var load = Load.of(CALLERS, Csr.create(folder), () -> CsrClient.unix(socket));
      try (load) {
        load.awaitMore(SOME, SOON);
        disk.fill();
        String why =
            "the store failed (No space left on device); it is opened again when the disk takes"
                + " writes: check "
                + signet.dataDirectory();
        awaitNotReady(signet, why);

        disk.makeRoom();
        Await.until("readiness", SOON, () -> isReady(signet));
        load.awaitOneMoreForEach(SOON);
      }
      assertThat(load.refusals()).extracting(Status::getCode).containsOnly(Code.UNAVAILABLE);
      signet.stop();
      LeftStore.assertRecorded(load.received(), signet.dataDirectory());
    }
  }

  // ISS-2: a disk that has failed can tell nobody what is on it, so only a restart goes on.
  @Test
  void fail_underLoad_unavailableAndNotReadyUntilARestartAndNothingReleasedIsLost()
      throws Exception {
    Csr csr = Csr.create(folder);
    List<X509Certificate> received;
    try (var signet = SignetProcess.serve(config)) {
      Path socket = signet.socket();
      var load = Load.of(CALLERS, csr, () -> CsrClient.unix(socket));
      try (load) {
        load.awaitMore(SOME, SOON);
        disk.fail();
        awaitNotReady(signet, "and what it wrote may be lost; check the disk, then restart");
      }
      assertThat(load.refusals()).extracting(Status::getCode).containsOnly(Code.UNAVAILABLE);
      received = load.received();
      signet.stop();
    }
    disk.repair();
    LeftStore.assertRecorded(received, disk.path());
    try (var signet = SignetProcess.serve(config);
        var client = CsrClient.unix(signet.socket())) {
      assertThat(client.sign(csr).leaf()).isNotNull();
    }
  }

  private static void awaitNotReady(SignetProcess signet, String why) throws IOException {
    Await.until("the reason: " + why, SOON, () -> isNotReady(signet, why));
    assertThat(signet.get("/healthz/live").statusCode()).isEqualTo(200);
  }

  private static boolean isNotReady(SignetProcess signet, String why) throws IOException {
    var answer = signet.get("/healthz/ready");
    return answer.statusCode() == 503 && answer.body().contains(why);
  }

  private static boolean isReady(SignetProcess signet) throws IOException {
    return signet.get("/healthz/ready").statusCode() == 200;
  }
}
