package io.signet.ca.cli;

import io.signet.ca.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet keys status}. */
@Command(
    name = "status",
    description = {
      "Says how a running server keeps its keys: where, whether the root's key can be used now,",
      "how busy the custodian is, what failed last and what to check.",
      "Exits with 0 when the root's key can be used and with 1 when it cannot."
    })
final class KeysStatusCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = true)
  private OperatorOptions server = new OperatorOptions();

  @Option(
      names = OutputFormat.OPTION,
      paramLabel = OutputFormat.LABEL,
      defaultValue = OutputFormat.DEFAULT,
      description = OutputFormat.DESCRIPTION)
  private OutputFormat output = OutputFormat.TABLE;

  @Override
  public Integer call()
      throws IOException, ConfigException, CommandException, InterruptedException {
    var report = new KeysStatusReport(server.plane().get("/v1/keys"));
    PrintWriter out = spec.commandLine().getOut();
    out.println(output == OutputFormat.JSON ? report.json() : report.table());
    out.flush();
    return report.usable() ? 0 : 1;
  }
}
