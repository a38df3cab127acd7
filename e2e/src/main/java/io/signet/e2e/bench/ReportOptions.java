package io.signet.e2e.bench;

import io.signet.ca.cli.OutputFormat;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How a benchmark reports what it has measured, and by which command. */
final class ReportOptions {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(names = "--output", paramLabel = "table|json", description = "default: table")
  private OutputFormat output = OutputFormat.TABLE;

  /** This machine, with the command as it was typed. */
  Machine machine() throws IOException {
    String typed = String.join(" ", spec.commandLine().getParseResult().originalArgs());
    return Machine.here("signet bench " + typed);
  }

  void print(Report report) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(output == OutputFormat.JSON ? Json.of(report.fields()) : report.table());
    out.flush();
  }
}
