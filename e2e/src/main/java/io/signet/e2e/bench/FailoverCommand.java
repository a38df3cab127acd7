package io.signet.e2e.bench;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet bench failover}: how soon another server leads when the one that does is gone. */
@Command(
    name = "failover",
    mixinStandardHelpOptions = true,
    description =
        "Kills the one of two servers on one PostgreSQL that leads; measures until the other does.")
final class FailoverCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ReportOptions reports = new ReportOptions();

  @Mixin private OwnServerOptions ownServer = new OwnServerOptions();

  @Option(names = "--runs", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
  private int runs = 20;

  @Override
  public Integer call() throws BenchException, IOException, InterruptedException {
    Usage.requirePositive(spec, "--runs", runs);
    Machine machine = reports.machine();
    OpensslSpeed openssl = OpensslSpeed.measure();
    FailoverRun run = new FailoverRun(runs, spec.commandLine().getErr()::println);
    reports.print(new FailoverReport(machine, openssl, run.measure(ownServer.program())));
    return 0;
  }
}
