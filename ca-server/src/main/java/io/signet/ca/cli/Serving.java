package io.signet.ca.cli;

import io.signet.ca.config.ListenConfig;
import picocli.CommandLine;

/** What {@code serve} and {@code dev} do once a server serves. */
final class Serving {
  private Serving() {}

  /** {@code ready} and where. */
  static String readyLine(ListenConfig listening) {
    return "ready  workload %s%s  operator http://%s"
        .formatted(
            listening.workload(),
            listening.sdsSocket().map(path -> "  sds unix:" + path).orElse(""),
            listening.operator());
  }

  /** Serves until the server ends or the process is told to: SIGTERM and SIGINT stop in order. */
  static void untilTheEnd(RunningServer server) throws InterruptedException {
    Thread stop = Thread.ofPlatform().name("signet-stop").unstarted(() -> stop(server));
    Runtime.getRuntime().addShutdownHook(stop);
    try (server) {
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
