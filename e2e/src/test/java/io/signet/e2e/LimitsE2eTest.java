package io.signet.e2e;

import static io.signet.e2e.Refusals.audited;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** RATE-2, ISTIO-29, ISTIO-33: a whole server with limits, from outside. */
@Tag("e2e")
final class LimitsE2eTest {
  @TempDir private Path folder;

  // vault#32003
  @Test
  void create_inALoop_refusedAfterTheBurstAndFoundInTheAudit() throws IOException {
    ServerFolder server = ServerFolder.create(folder.resolve("server"));
    server.configureMore("limits: { per-identity: 1/s burst 3 }\n");
    Csr csr = Csr.create(folder);
    try (var signet = SignetProcess.serve(server.config());
        var client = CsrClient.unix(signet.socket())) {
      StatusRuntimeException refusal = refusal(client, csr);

      assertThat(refusal.getStatus())
          .extracting(Status::getCode, Status::getDescription)
          .containsExactly(Status.Code.RESOURCE_EXHAUSTED, "too many requests; try again later");
      assertThat(audited(signet, refusal))
          .contains("\"why\":\"CALLER_LIMITED\"")
          .contains("\"from\":\"uid ")
          .contains("\"caller\":{\"id\":\"" + ServerFolder.CALLER + "\",\"proof\":\"local-user\"");
      assertThat(signet.get("/metrics").body())
          .contains("signet_issuance_seconds_count{of=\"request\",outcome=\"caller_limited\"} ");
    }
  }

  // Before anything of it is read.
  @Test
  void create_fromOneAddressInALoop_turnedAwayAndFoundInTheAudit() throws IOException {
    ServerFolder server = ServerFolder.create(folder.resolve("server"));
    server.configureMore("limits: { per-identity: off, per-address: 1/s burst 3 }\n");
    try (var signet = SignetProcess.serve(server.config());
        var client = CsrClient.unix(signet.socket())) {
      StatusRuntimeException refusal = refusal(client, Csr.create(folder));

      assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(audited(signet, refusal))
          .contains("\"why\":\"ADDRESS_LIMITED\"")
          .contains("\"from\":\"uid ");
    }
  }

  // The caller learns nothing but where in our log the reason is.
  @Test
  void create_unproven_reasonFoundByWhatTheCallerWasTold() throws IOException {
    try (var signet = SignetProcess.dev(folder.resolve("dev"));
        var client = signet.client().bearing("no token")) {
      StatusRuntimeException refusal = refusal(client, Csr.create(folder));

      assertThat(refusal.getStatus().getDescription()).isEqualTo("request authenticate failure");
      assertThat(audited(signet, refusal))
          .contains("\"why\":\"UNAUTHENTICATED\"")
          .contains("\"from\":\"127.0.0.1\"");
    }
  }

  /** That of the first call that is refused; there is one within any reasonable burst. */
  private static StatusRuntimeException refusal(CsrClient client, Csr csr) {
    return catchThrowableOfType(
        StatusRuntimeException.class,
        () -> {
          for (int i = 0; i < 1_000; i++) {
            var _ = client.sign(csr);
          }
        });
  }
}
