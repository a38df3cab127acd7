package io.signet.ca.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code signet entitlement}. */
@Command(
    name = "entitlement",
    synopsisSubcommandLabel = "COMMAND",
    description = "Looks at what callers may hold.")
final class EntitlementCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw SignetCommand.missingSubcommand(spec);
  }
}
