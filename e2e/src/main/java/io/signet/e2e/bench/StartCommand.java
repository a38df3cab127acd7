package io.signet.e2e.bench;

import io.signet.hsm.KeyAlgorithm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet bench start}: how soon a server serves, and what memory it takes. */
@Command(
    name = "start",
    mixinStandardHelpOptions = true,
    description = {
      "Measures the time from the start of the process to its line `ready`: of dev and serve, on a",
      "new folder and again, without and with an AOT cache; and memory, idle and after load."
    })
final class StartCommand implements Callable<Integer> {

  private static final Duration IDLE = Duration.ofSeconds(5);
  private static final int CSRS = 100;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ReportOptions reports = new ReportOptions();

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "starts of each kind, of which the median counts; default: ${DEFAULT-VALUE}")
  private int runs = 5;

  @Option(
      names = "--load",
      paramLabel = "DURATION",
      description = "of 32 callers, before memory is measured again; default: 10s")
  private Duration load = Duration.ofSeconds(10);

  private interface Start {
    ServerProcess of(DevFolder folder, Program program)
        throws BenchException, IOException, InterruptedException;
  }

  @Override
  public Integer call() throws BenchException, IOException, InterruptedException {
    Usage.requirePositive(spec, "--runs", runs);
    Machine machine = Machine.here("signet bench start --runs " + runs);
    StartReport report = new StartReport(machine, measured());
    reports.print(report);
    return 0;
  }

  private List<StartReport.Line> measured()
      throws BenchException, IOException, InterruptedException {
    try (DevFolder folder = DevFolder.create()) {
      Program plain = Program.here(List.of());
      folder.dev(plain).close();
      List<StartReport.Line> lines = new ArrayList<>(all("", folder, plain));
      lines.addAll(all(", AOT cache", folder, trained(folder)));
      return lines;
    }
  }

  private List<StartReport.Line> all(String how, DevFolder folder, Program program)
      throws BenchException, IOException, InterruptedException {
    return List.of(
        line("dev, new folder" + how, folder, program, StartCommand::newDev),
        line("dev, again" + how, folder, program, DevFolder::dev),
        line("serve, new folder" + how, folder, program, StartCommand::newServe),
        line("serve, again" + how, folder, program, DevFolder::serve));
  }

  private static ServerProcess newDev(DevFolder folder, Program program)
      throws BenchException, IOException, InterruptedException {
    folder.forget();
    return folder.dev(program);
  }

  private static ServerProcess newServe(DevFolder folder, Program program)
      throws BenchException, IOException, InterruptedException {
    folder.forget();
    return folder.serve(program);
  }

  private StartReport.Line line(String name, DevFolder folder, Program program, Start start)
      throws BenchException, IOException, InterruptedException {
    List<Duration> times = new ArrayList<>();
    for (int run = 1; run < runs; run++) {
      times.add(timed(folder, program, start));
    }
    return last(name, times, folder, program, start);
  }

  private static Duration timed(DevFolder folder, Program program, Start start)
      throws BenchException, IOException, InterruptedException {
    try (ServerProcess server = start.of(folder, program)) {
      return server.timeToReady();
    }
  }

  // Memory is looked at in the last run only: idling and loading take longer than all the starts.
  private StartReport.Line last(
      String name, List<Duration> times, DevFolder folder, Program program, Start start)
      throws BenchException, IOException, InterruptedException {
    try (ServerProcess server = start.of(folder, program)) {
      times.add(server.timeToReady());
      Thread.sleep(IDLE);
      ProcessUsage idle = ProcessUsage.of(server.pid());
      return new StartReport.Line(name, times, idle, loaded(folder, server));
    }
  }

  private ProcessUsage loaded(DevFolder folder, ServerProcess server)
      throws BenchException, IOException, InterruptedException {
    LoadPlan plan = new LoadPlan(4, 32, Optional.empty(), Duration.ZERO, load);
    try (Target target = Target.dev(folder.home(), OptionalLong.of(server.pid()))) {
      CsrPool csrs = CsrPool.make(target.identity(), KeyAlgorithm.EC_P256, CSRS);
      return new IssueRun(target, plan, csrs).measure().atEnd().orElseThrow();
    }
  }

  /** The program with a cache of what one start of it has loaded and linked. */
  private static Program trained(DevFolder folder)
      throws BenchException, IOException, InterruptedException {
    Path cache = folder.home().resolveSibling("signet.aot");
    folder.dev(Program.here(List.of("-XX:AOTCacheOutput=" + cache))).close();
    if (!Files.exists(cache)) {
      throw new BenchException("this JDK wrote no AOT cache (expected: JDK 25)");
    }
    return Program.here(List.of("-XX:AOTCache=" + cache));
  }
}
