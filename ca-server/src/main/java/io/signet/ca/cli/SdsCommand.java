package io.signet.ca.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code signet sds}. */
@Command(
    name = "sds",
    synopsisSubcommandLabel = "COMMAND",
    description = "Looks at the secret discovery service of a running server.")
final class SdsCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw SignetCommand.missingSubcommand(spec);
  }
}
