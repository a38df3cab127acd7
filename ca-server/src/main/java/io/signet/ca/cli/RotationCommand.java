package io.signet.ca.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.signet.ca.cli.RotationWatch.Pause;
import io.signet.ca.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet rotation}. */
@Command(
    name = "rotation",
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Changes the root of a running server, phase by phase, each only when everybody who must has",
      "followed."
    })
final class RotationCommand implements Runnable {
  private static final String PATH = "/v1/rotation";

  private final BooleanSupplier terminal;
  private final Pause pause;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** How the outcome is shown. */
  static final class Showing {
    @Option(
        names = "--wait",
        negatable = true,
        description = {
          "watches until the rotation is over, or not (default: on a terminal); exits with 1 when",
          "it ended with the old root"
        })
    private Optional<Boolean> wait = Optional.empty();

    @Option(
        names = OutputFormat.OPTION,
        paramLabel = OutputFormat.LABEL,
        defaultValue = OutputFormat.DEFAULT,
        description = OutputFormat.DESCRIPTION)
    private OutputFormat output = OutputFormat.TABLE;
  }

  /**
   * @param terminal whether what is printed goes to one
   * @param pause between two looks
   */
  RotationCommand(BooleanSupplier terminal, Pause pause) {
    this.terminal = terminal;
    this.pause = pause;
  }

  @Override
  public void run() {
    throw SignetCommand.missingSubcommand(spec);
  }

  @Command(
      name = "start",
      mixinStandardHelpOptions = true,
      description = {
        "Begins a rotation: a new root is made, told to everybody, and signs when all have it.",
        "On a terminal shows how it goes on."
      })
  int start(
      @Mixin AdminOptions server,
      @Mixin Showing showing,
      @Option(
              names = "--reason",
              paramLabel = "TEXT",
              defaultValue = "by hand",
              description = "why, for the journal (default: ${DEFAULT-VALUE})")
          String reason,
      @Option(
              names = "--compromised",
              paramLabel = "KEY-ID",
              description = {
                "the root in wrong hands, by its key id or the beginning of it (authority list):",
                "every wait is shortened, and nothing under it is renewed by its certificate"
              })
          Optional<String> compromised)
      throws ConfigException, CommandException, IOException, InterruptedException {
    Map<String, String> said = new LinkedHashMap<>(Map.of("reason", reason));
    compromised.ifPresent(root -> said.put("compromised", root));
    return step(server, "start", said, showing);
  }

  @Command(
      name = "status",
      mixinStandardHelpOptions = true,
      description = {
        "Says where the rotation stands, whom it waits for and what it has done.",
        "Exits with 1 when there is an alarm."
      })
  int status(
      @Mixin AdminOptions server,
      @Option(names = "--watch", description = "shows each change, until interrupted")
          boolean watch,
      @Option(
              names = OutputFormat.OPTION,
              paramLabel = OutputFormat.LABEL,
              defaultValue = OutputFormat.DEFAULT,
              description = OutputFormat.DESCRIPTION)
          OutputFormat output)
      throws ConfigException, CommandException, IOException, InterruptedException {
    OperatorPlane plane = server.anybody();
    RotationReport report = new RotationReport(plane.get(PATH));
    if (watch) {
      watch(plane, output).on(report);
    } else {
      print(report, output);
    }
    return report.isAlarming() ? 1 : 0;
  }

  @Command(
      name = "approve",
      mixinStandardHelpOptions = true,
      description = "Lets the present phase go on, where the policy asks a person.")
  int approve(@Mixin AdminOptions server, @Mixin Showing showing)
      throws ConfigException, CommandException, IOException, InterruptedException {
    return step(server, "approve", Map.of(), showing);
  }

  @Command(
      name = "force",
      mixinStandardHelpOptions = true,
      description = {
        "Has the present phase go on without those who lag behind (rotation status names them).",
        "They may fail to reach others, until they follow."
      })
  int force(
      @Mixin AdminOptions server,
      @Mixin Showing showing,
      @Option(
              names = "--reason",
              required = true,
              paramLabel = "TEXT",
              description = "why, for the journal")
          String reason)
      throws ConfigException, CommandException, IOException, InterruptedException {
    return step(server, "force", Map.of("reason", reason), showing);
  }

  @Command(
      name = "cancel",
      mixinStandardHelpOptions = true,
      description = "Goes back to the old root, as long as that is safe.")
  int cancel(
      @Mixin AdminOptions server,
      @Option(
              names = "--reason",
              required = true,
              paramLabel = "TEXT",
              description = "why, for the journal")
          String reason,
      @Option(
              names = OutputFormat.OPTION,
              paramLabel = OutputFormat.LABEL,
              defaultValue = OutputFormat.DEFAULT,
              description = OutputFormat.DESCRIPTION)
          OutputFormat output)
      throws ConfigException, CommandException, IOException, InterruptedException {
    JsonNode answer = server.administrator().post(PATH + "/cancel", Map.of("reason", reason));
    print(new RotationReport(answer), output);
    return 0;
  }

  private int step(AdminOptions server, String step, Map<String, String> said, Showing showing)
      throws ConfigException, CommandException, IOException, InterruptedException {
    OperatorPlane plane = server.administrator();
    RotationReport report = new RotationReport(plane.post(PATH + "/" + step, said));
    if (!showing.wait.orElseGet(terminal::getAsBoolean)) {
      print(report, showing.output);
      return 0;
    }
    if (watch(plane, showing.output).untilSteady(report)) {
      return 0;
    }
    throw new CommandException("the rotation ended with the old root (see: rotation status)");
  }

  private RotationWatch watch(OperatorPlane plane, OutputFormat output) {
    return new RotationWatch(() -> plane.get(PATH), pause, screen(output));
  }

  private RotationScreen screen(OutputFormat output) {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    if (output == OutputFormat.JSON) {
      return RotationScreen.ofJson(out, err);
    }
    return terminal.getAsBoolean()
        ? RotationScreen.ofTerminal(out)
        : RotationScreen.ofLines(out, err);
  }

  private void print(RotationReport report, OutputFormat output) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(output == OutputFormat.JSON ? report.json() : report.table());
    out.flush();
  }
}
