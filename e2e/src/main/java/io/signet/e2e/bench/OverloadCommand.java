package io.signet.e2e.bench;

import io.signet.ca.cli.OutputFormat;
import io.signet.hsm.KeyAlgorithm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code signet bench overload}: what is left of the service when far too much is asked of it. */
@Command(
    name = "overload",
    mixinStandardHelpOptions = true,
    description = {
      "Measures how many certificates a server of its own issues when it is asked as fast as it",
      "answers, then asks several times as often, whatever the answers."
    })
final class OverloadCommand implements Callable<Integer> {

  private static final int CSRS = 1000;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--launcher",
      paramLabel = "FILE",
      description = "start the server by this ./signet, not on this program's class path")
  private Optional<Path> launcher = Optional.empty();

  @Option(
      names = "--java-option",
      paramLabel = "OPTION",
      description = "for the JVM of the server; may be repeated")
  private List<String> javaOptions = new ArrayList<>();

  @Option(names = "--connections", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
  private int connections = 4;

  @Option(
      names = "--callers",
      paramLabel = "N",
      description = "that measure what it can do; default: ${DEFAULT-VALUE}")
  private int callers = 32;

  @Option(
      names = "--times",
      paramLabel = "N",
      description = "as often as it can answer; default: ${DEFAULT-VALUE}")
  private int times = 5;

  @Option(names = "--duration", paramLabel = "DURATION", description = "of each part; default: 20s")
  private Duration duration = Duration.ofSeconds(20);

  @Option(names = "--warmup", paramLabel = "DURATION", description = "default: 20s")
  private Duration warmup = Duration.ofSeconds(20);

  @Option(names = "--output", paramLabel = "table|json", description = "default: table")
  private OutputFormat output = OutputFormat.TABLE;

  @Override
  public Integer call() throws BenchException, IOException, InterruptedException {
    requirePositive("--connections", connections);
    requirePositive("--callers", callers);
    requirePositive("--times", times);
    Machine machine = Machine.here("signet bench " + commandLine());
    try (Target target = Target.own(Program.of(launcher, javaOptions))) {
      CsrPool csrs = CsrPool.make(target.identity(), KeyAlgorithm.EC_P256, CSRS);
      OverloadReport report = measured(machine, target, csrs);
      spec.commandLine()
          .getOut()
          .println(output == OutputFormat.JSON ? Json.of(report.fields()) : report.table());
    }
    return 0;
  }

  private OverloadReport measured(Machine machine, Target target, CsrPool csrs)
      throws BenchException, IOException {
    LoadPlan all = new LoadPlan(connections, callers, Optional.empty(), warmup, duration);
    IssueRun.Result alone = new IssueRun(target, all, csrs).measure();
    Rate rate = new Rate(Math.max(1, (int) (times * alone.tally().perSecond())));
    LoadPlan tooMuch =
        new LoadPlan(connections, callers, Optional.of(rate), Duration.ofSeconds(10), duration);
    return new OverloadReport(machine, rate, alone, new IssueRun(target, tooMuch, csrs).measure());
  }

  private void requirePositive(String option, int value) {
    if (value < 1) {
      throw new ParameterException(
          spec.commandLine(), option + " " + value + " (expected: at least 1)");
    }
  }

  private String commandLine() {
    return String.join(" ", spec.commandLine().getParseResult().originalArgs());
  }
}
