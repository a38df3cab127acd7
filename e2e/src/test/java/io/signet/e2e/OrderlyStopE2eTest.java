package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator ends the server while it issues. */
@Tag("e2e")
final class OrderlyStopE2eTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int CALLERS = 4;
  private static final Pattern ISSUED =
      Pattern.compile("\"event\":\"issued\".*ns/shop/sa/cart\".*\"serial\":\"([0-9a-f]+)\"");

  @TempDir private Path folder;

  @Test
  void stop_underLoad_everyAcceptedCallIsAnswered() throws IOException {
    try (var signet = SignetProcess.dev(folder.resolve("dev"))) {
      String roots = Files.readString(signet.bundle());
      String token = signet.token("shop", "cart");
      int port = signet.workloadPort();
      var load =
          Load.of(CALLERS, Csr.create(folder), () -> CsrClient.tls(port, roots).bearing(token));
      try (load) {
        load.awaitMore(100, SOON);
        signet.stop();
      }
      // What was signed has arrived; who came too late was told to come again (ISTIO-32).
      assertThat(load.received())
          .extracting(each -> SerialNumber.of(each).toString())
          .containsExactlyInAnyOrderElementsOf(issued(signet.log()));
      assertThat(load.refusals()).extracting(Status::getCode).containsOnly(Code.UNAVAILABLE);
      assertNothingIsLeft(signet);
    }
  }

  private static void assertNothingIsLeft(SignetProcess signet) throws IOException {
    assertThat(signet.socket()).doesNotExist();
    for (int port : List.of(signet.workloadPort(), signet.operatorPort())) {
      var loopback = InetAddress.getLoopbackAddress();
      try (var free = new ServerSocket(port, 1, loopback)) {
        assertThat(free.isBound()).isTrue();
      }
    }
  }

  private static List<String> issued(String log) {
    return ISSUED.matcher(log).results().map(found -> found.group(1)).toList();
  }
}
