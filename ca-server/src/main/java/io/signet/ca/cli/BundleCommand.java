package io.signet.ca.cli;

import io.signet.ca.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet bundle}. */
@Command(
    name = "bundle",
    synopsisSubcommandLabel = "COMMAND",
    description = "Works with the trust bundle of a running server.")
final class BundleCommand implements Runnable {
  private static final String PATH = "/v1/bundle";

  /** How it is printed. */
  enum Format {
    TABLE,
    JSON,
    PEM
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw SignetCommand.missingSubcommand(spec);
  }

  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      description = "Prints whom to trust now; asks for no credentials.")
  void show(
      @Mixin AdminOptions server,
      @Option(
              names = OutputFormat.OPTION,
              paramLabel = "table|json|pem",
              defaultValue = OutputFormat.DEFAULT,
              description = "table, json or pem (default: ${DEFAULT-VALUE})")
          Format output)
      throws ConfigException, CommandException, IOException, InterruptedException {
    OperatorPlane plane = server.anybody();
    PrintWriter out = spec.commandLine().getOut();
    switch (output) {
      case TABLE -> out.println(new AuthoritiesReport(plane.get(PATH)).bundle());
      case JSON -> out.println(new AuthoritiesReport(plane.get(PATH)).json());
      case PEM -> out.print(plane.text(PATH + "?format=pem"));
    }
    out.flush();
  }
}
