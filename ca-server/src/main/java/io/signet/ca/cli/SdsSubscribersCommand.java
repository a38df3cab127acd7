package io.signet.ca.cli;

import io.signet.ca.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code signet sds subscribers}. */
@Command(
    name = "subscribers",
    description = {
      "Says who has an open stream to a running server, and for each name that it asks for whether",
      "it has acknowledged the newest version: acknowledged, refused (a NACK), silent (sent and not",
      "answered), unsent (a newer one waits, for it does not read) or missing (there is no such secret for it)."
    })
final class SdsSubscribersCommand implements Callable<Integer> {
  private static final int HIGHEST_LIMIT = 100_000;

  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = true)
  private OperatorOptions server = new OperatorOptions();

  @Option(
      names = "--behind",
      description = "only streams with a name that is refused, silent or unread")
  private boolean behind;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "1000",
      description = "how many streams at most, 1 to 100000 (default: ${DEFAULT-VALUE})")
  private int limit;

  @Option(
      names = OutputFormat.OPTION,
      paramLabel = OutputFormat.LABEL,
      defaultValue = OutputFormat.DEFAULT,
      description = OutputFormat.DESCRIPTION)
  private OutputFormat output = OutputFormat.TABLE;

  @Override
  public Integer call()
      throws IOException, ConfigException, CommandException, InterruptedException {
    if (limit < 1 || limit > HIGHEST_LIMIT) {
      throw new ParameterException(
          spec.commandLine(), "--limit %d (expected: 1 to %d)".formatted(limit, HIGHEST_LIMIT));
    }
    String path = "/v1/sds/subscribers?behind=%s&limit=%d".formatted(behind, limit);
    var report = new SubscribersReport(server.plane().get(path));
    PrintWriter out = spec.commandLine().getOut();
    out.println(output == OutputFormat.JSON ? report.json() : report.table());
    out.flush();
    return 0;
  }
}
