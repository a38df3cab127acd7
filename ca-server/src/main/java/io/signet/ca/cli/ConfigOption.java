package io.signet.ca.cli;

import io.signet.ca.config.ConfigException;
import io.signet.ca.config.SignetConfig;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --config}, for commands that work with what a server works with. */
final class ConfigOption {

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "the configuration, as docs/reference.md describes it")
  private Path file = Path.of("");

  Path file() {
    return file;
  }

  SignetConfig load() throws ConfigException {
    return SignetConfig.load(file);
  }
}
