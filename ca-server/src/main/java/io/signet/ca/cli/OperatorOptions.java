package io.signet.ca.cli;

import io.signet.ca.config.Address;
import io.signet.ca.config.ConfigException;
import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which server a command asks; one of the two at most is given. */
final class OperatorOptions {
  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "the dev server of this folder (default: .signet)")
  private Path directory = Path.of(".signet");

  @Option(
      names = "--operator",
      paramLabel = "URL",
      description = "the operator address of a server, such as http://127.0.0.1:8080")
  private Optional<OperatorPlane> plane = Optional.empty();

  /**
   * The operator plane of that server, whether or not it runs.
   *
   * @throws CommandException when its address cannot be known
   */
  OperatorPlane plane() throws IOException, ConfigException, CommandException {
    return plane.isPresent() ? plane.get() : ofDev();
  }

  /** The folder of the dev server that this is about, if it is one. */
  Optional<DevDirectory> dev() {
    return plane.isPresent() ? Optional.empty() : Optional.of(new DevDirectory(directory));
  }

  private OperatorPlane ofDev() throws IOException, ConfigException, CommandException {
    DevDirectory dev = new DevDirectory(directory);
    if (!Files.exists(dev.config())) {
      throw new CommandException(
          "%s: no such file (expected: --dir of a dev server that has served, or --operator URL)"
              .formatted(dev.config()));
    }
    String text = LocalFiles.text(dev.config(), "a configuration");
    Address operator = SignetConfig.parse(text, dev.root()).listen().operator();
    if (operator.port() == 0) {
      throw new CommandException(
          "%s: operator port 0, so the system chose one (expected: --operator with the address that"
                  .formatted(dev.config())
              + " the server printed with ready)");
    }
    return OperatorPlane.parse("http://" + operator);
  }
}
