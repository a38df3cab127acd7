package io.signet.ca.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code signet svid}. */
@Command(
    name = "svid",
    synopsisSubcommandLabel = "COMMAND",
    description = "Gets certificates from a server, as workloads do, and revokes them.")
final class SvidCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw SignetCommand.missingSubcommand(spec);
  }
}
