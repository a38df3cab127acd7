package io.signet.e2e.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet bench custody}: what keys in files, on a token and in OpenBao cost and bear. */
@Command(
    name = "custody",
    mixinStandardHelpOptions = true,
    description =
        "Measures signatures of each custodian beside the same device without it,"
            + " and how long each mishap keeps a caller from signatures.")
final class CustodyCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ReportOptions reports = new ReportOptions();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "how often everything is measured that has a rate; 0: no rates; default: 10")
  private int rounds = 10;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      description = "of each measurement in a round; default: 1s")
  private Duration duration = Duration.ofSeconds(1);

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "how often each mishap happens; 0: none does; default: 20")
  private int runs = 20;

  @Override
  public Integer call() throws BenchException, IOException, InterruptedException {
    Usage.require(spec, rounds >= 0, "--rounds " + rounds + " (expected: at least 0)");
    Usage.require(spec, runs >= 0, "--runs " + runs + " (expected: at least 0)");
    Usage.require(spec, duration.isPositive(), "--duration 0 (expected: more)");
    Machine machine = reports.machine();
    OpensslSpeed openssl = OpensslSpeed.measure();
    CustodyFigures figures = CustodyFigures.measured(rounds, duration, runs);
    reports.print(new CustodyReport(machine, Machine.loadNow(), openssl, figures));
    return 0;
  }
}
