package io.signet.e2e.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How a benchmark starts a server of its own. */
final class OwnServerOptions {

  @Option(
      names = "--launcher",
      paramLabel = "FILE",
      description = "start the own server by this ./signet, not on this program's class path")
  private Optional<Path> launcher = Optional.empty();

  @Option(
      names = "--java-option",
      paramLabel = "OPTION",
      description = "for the JVM of the own server; may be repeated")
  private List<String> javaOptions = new ArrayList<>();

  Target start() throws BenchException, IOException, InterruptedException {
    return Target.own(program());
  }

  Program program() {
    return Program.of(launcher, javaOptions);
  }
}
