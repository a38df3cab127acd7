package io.signet.ca.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.config.Address;
import io.signet.ca.config.ListenConfig;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ServingTest {

  // Whoever waits for the announcement may tell the process to end at once.
  @Test
  void untilTheEnd_terminatedWhileAnnouncing_stopsInOrder() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Announcing.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var said = process.inputReader()) {
      assertThat(said.readLine()).isEqualTo("ready");

      assertThat(process.toHandle().destroy()).isTrue(); // Process itself would close its output

      assertThat(said.readLine()).isEqualTo("closed");
      assertThat(process.waitFor()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  /** The other process: its announcement takes for ever. */
  static final class Announcing implements RunningServer {
    public static void main(String[] arguments) throws Exception {
      var never = new CountDownLatch(1);
      Serving.untilTheEnd(
          new Announcing(),
          _ -> {
            System.out.println("ready");
            forEver(never);
          });
    }

    private static void forEver(CountDownLatch never) {
      try {
        never.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public ListenConfig listening() {
      var nowhere = new Address("localhost", 0);
      return new ListenConfig(
          nowhere, Optional.empty(), Optional.empty(), nowhere, Optional.empty());
    }

    @Override
    public void awaitTermination() {}

    @Override
    public void close() {
      System.out.println("closed");
    }
  }
}
