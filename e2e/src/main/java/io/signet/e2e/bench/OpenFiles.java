package io.signet.e2e.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How many files a process may have open, each connection being one. */
final class OpenFiles {

  // Jars, sockets of another kind, the ledger.
  private static final int BESIDES = 300;
  private static final Pattern LIMIT = Pattern.compile("Max open files +([0-9]+|unlimited) +.*");

  private OpenFiles() {}

  /**
   * The limit of this process, which a server of ours inherits. A JVM has raised its soft limit to
   * the hard one when it started.
   *
   * @throws BenchException if so many connections are too many
   */
  static void require(int connections) throws BenchException, IOException {
    require(connections, Files.readString(Path.of("/proc/self/limits")));
  }

  static void require(int connections, String limits) throws BenchException {
    Matcher limit = LIMIT.matcher(limits);
    if (limit.find() && !limit.group(1).equals("unlimited")) {
      long most = Long.parseLong(limit.group(1));
      if (most < (long) connections + BESIDES) {
        throw new BenchException(
            "--subscribers %d: a process may open %d files (expected: %d; raise it by ulimit -Hn)"
                .formatted(connections, most, connections + BESIDES));
      }
    }
  }
}
