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

/** {@code signet bench connections}: what connections cost that ask for nothing. */
@Command(
    name = "connections",
    mixinStandardHelpOptions = true,
    description = {
      "Opens idle TLS connections to a server of its own, keeps them for a while, and measures the",
      "server's memory before and after, and its latency with them and without."
    })
final class ConnectionsCommand implements Callable<Integer> {

  private static final int CSRS = 100;
  private static final Duration WARMUP = Duration.ofSeconds(10);
  private static final Duration LOAD = Duration.ofSeconds(10);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ReportOptions reports = new ReportOptions();

  @Mixin private OwnServerOptions ownServer = new OwnServerOptions();

  @Option(names = "--count", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
  private int count = 10_000;

  @Option(
      names = "--keep",
      paramLabel = "DURATION",
      description = "how long they stay idle before memory is measured; default: 1m")
  private Duration keep = Duration.ofMinutes(1);

  @Override
  public Integer call() throws BenchException, IOException, InterruptedException {
    Usage.requirePositive(spec, "--count", count);
    Machine machine = reports.machine();
    try (Target target = ownServer.start()) {
      ConnectionsReport report = measured(machine, target);
      reports.print(report);
    }
    return 0;
  }

  private ConnectionsReport measured(Machine machine, Target target)
      throws BenchException, IOException, InterruptedException {
    CsrPool csrs = CsrPool.make(target.identity(), KeyAlgorithm.EC_P256, CSRS);
    LoadPlan few = new LoadPlan(1, 4, Optional.empty(), WARMUP, LOAD);
    Tally alone = new IssueRun(target, few, csrs).measure().tally();
    ConnectionsReport.Server before = server(target);
    try (IdleConnections idle = new IdleConnections(target.address(), target.caFile())) {
      long start = System.nanoTime();
      idle.open(count);
      Duration opening = Duration.ofNanos(System.nanoTime() - start);
      Thread.sleep(keep);
      ConnectionsReport.Server with = server(target);
      Tally among = new IssueRun(target, few, csrs).measure().tally();
      return new ConnectionsReport(machine, idle.count(), opening, before, with, alone, among);
    }
  }

  private static ConnectionsReport.Server server(Target target)
      throws BenchException, IOException, InterruptedException {
    long live = target.liveHeapBytes();
    return new ConnectionsReport.Server(live, target.usage().orElseThrow());
  }
}
