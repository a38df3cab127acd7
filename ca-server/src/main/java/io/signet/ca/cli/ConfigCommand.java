package io.signet.ca.cli;

import io.signet.ca.config.ConfigException;
import io.signet.ca.config.Problem;
import io.signet.ca.config.SignetConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code signet config check}. */
@Command(
    name = "config",
    synopsisSubcommandLabel = "COMMAND",
    description = "Looks at configuration files.")
final class ConfigCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw SignetCommand.missingSubcommand(spec);
  }

  @Command(
      name = "check",
      mixinStandardHelpOptions = true,
      description = {
        "Tells all problems of a file together, each with its key, value and what was expected.",
        "Looks at the files it names, reads no secret, starts nothing."
      })
  int check(
      @Parameters(paramLabel = "FILE", description = "the configuration") Path file,
      @Option(
              names = OutputFormat.OPTION,
              paramLabel = OutputFormat.LABEL,
              defaultValue = OutputFormat.DEFAULT,
              description = OutputFormat.DESCRIPTION)
          OutputFormat output) {
    PrintWriter out = spec.commandLine().getOut();
    List<Problem> problems = problemsOf(file);
    out.println(output == OutputFormat.JSON ? json(problems) : text(problems));
    out.flush();
    return problems.isEmpty() ? 0 : 1;
  }

  private static List<Problem> problemsOf(Path file) {
    try {
      SignetConfig _ = SignetConfig.load(file);
      return List.of();
    } catch (ConfigException e) {
      return e.problems();
    }
  }

  private static String text(List<Problem> problems) {
    return problems.isEmpty()
        ? "ok"
        : String.join(System.lineSeparator(), problems.stream().map(Problem::toString).toList());
  }

  private static String json(List<Problem> problems) {
    return Json.of(Map.of("problems", problems.stream().map(ConfigCommand::fields).toList()));
  }

  private static Map<String, Object> fields(Problem problem) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("line", problem.line());
    fields.put("key", problem.key());
    fields.put("value", problem.found());
    fields.put("expected", problem.expected());
    return fields;
  }
}
