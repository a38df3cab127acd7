package io.signet.ca.cli;

import io.signet.ca.config.ListenConfig;
import java.io.IOException;
import picocli.CommandLine;

/** What {@code serve} and {@code dev} do once a server serves. */
final class Serving {
  /** What is said, and noted, once a server serves. */
  @FunctionalInterface
  interface Announcement {
    void of(ListenConfig listening) throws IOException;
  }

  private Serving() {}

  /** {@code ready} and where. */
  static String readyLine(ListenConfig listening) {
    return "ready  workload %s%s%s  operator http://%s%s"
        .formatted(
            listening.workload(),
            listening.sdsSocket().map(path -> "  sds unix:" + path).orElse(""),
            listening.sdsRest().map(address -> "  sds https://" + address).orElse(""),
            listening.operator(),
            listening.admin().map(address -> "  admin https://" + address).orElse(""));
  }

  /**
   * Announces that it serves, and does until the server ends or the process is told to: SIGTERM and
   * SIGINT stop in order, from the announcement on.
   */
  static void untilTheEnd(RunningServer server, Announcement ready)
      throws IOException, InterruptedException {
    Thread stop = Thread.ofPlatform().name("signet-stop").unstarted(() -> stop(server));
    Runtime.getRuntime().addShutdownHook(stop);
    try (server) {
      ready.of(server.listening());
      server.awaitTermination();
    } finally {
      forget(stop);
    }
  }

  // To be asked to stop and to do so is success; by itself the JVM would report the signal.
  private static void stop(RunningServer server) {
    server.close();
    Runtime.getRuntime().halt(CommandLine.ExitCode.OK);
  }

  private static void forget(Thread stop) {
    try {
      Runtime.getRuntime().removeShutdownHook(stop);
    } catch (IllegalStateException e) {
      // The hook itself is what ended the server.
    }
  }
}
