package io.signet.e2e.bench;

import io.signet.hsm.KeyAlgorithm;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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

  @Mixin private ReportOptions reports = new ReportOptions();

  @Mixin private OwnServerOptions ownServer = new OwnServerOptions();

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

  @Option(names = "--warmup", paramLabel = "DURATION", description = "of each part; default: 20s")
  private Duration warmup = Duration.ofSeconds(20);

  @Override
  public Integer call() throws BenchException, IOException, InterruptedException {
    Usage.requirePositive(spec, "--connections", connections);
    Usage.requirePositive(spec, "--callers", callers);
    Usage.requirePositive(spec, "--times", times);
    Machine machine = reports.machine();
    try (Target target = ownServer.start()) {
      CsrPool csrs = CsrPool.make(target.identity(), KeyAlgorithm.EC_P256, CSRS);
      OverloadReport report = measured(machine, target, csrs);
      reports.print(report);
    }
    return 0;
  }

  private OverloadReport measured(Machine machine, Target target, CsrPool csrs)
      throws BenchException, IOException {
    LoadPlan all = new LoadPlan(connections, callers, Optional.empty(), warmup, duration);
    IssueRun.Result alone = new IssueRun(target, all, csrs).measure();
    Rate rate = new Rate(Math.max(1, (int) (times * alone.tally().perSecond())));
    LoadPlan tooMuch = new LoadPlan(connections, callers, Optional.of(rate), warmup, duration);
    return new OverloadReport(machine, rate, alone, new IssueRun(target, tooMuch, csrs).measure());
  }
}
