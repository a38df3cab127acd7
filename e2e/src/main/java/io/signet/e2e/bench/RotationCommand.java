package io.signet.e2e.bench;

import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet bench rotation}: what it takes to replace the root under everybody. */
@Command(
    name = "rotation",
    mixinStandardHelpOptions = true,
    description = {
      "Replaces the root of two servers on one PostgreSQL, under subscribers of SDS and clients that",
      "ask for certificates; measures what each phase takes. Exits with 1 when anybody lost anything."
    })
final class RotationCommand implements Callable<Integer> {

  private static final Duration SHORTEST_LIFE = Duration.ofSeconds(10);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ReportOptions reports = new ReportOptions();

  @Mixin private OwnServerOptions ownServer = new OwnServerOptions();

  @Option(
      names = "--subscribers",
      paramLabel = "N",
      description = "half of them at each server; default: ${DEFAULT-VALUE}")
  private int subscribers = 10_000;

  @Option(names = "--delta", description = "they subscribe by delta, not by the state of the world")
  private boolean delta;

  @Option(names = "--ttl", paramLabel = "DURATION", description = "of SVIDs; default: 10m")
  private Duration lifetime = Duration.ofMinutes(10);

  @Option(
      names = "--window",
      paramLabel = "DURATION",
      description = "over which SVIDs are replaced; default: 2m")
  private Duration window = Duration.ofMinutes(2);

  @Option(
      names = "--rate",
      paramLabel = "N/s",
      description = "certificates that are asked for meanwhile; default: ${DEFAULT-VALUE}")
  private Rate rate = new Rate(20);

  @Option(
      names = "--client-ttl",
      paramLabel = "DURATION",
      description = "of those certificates, each of which is waited for; default: 1m")
  private Duration clientLifetime = Duration.ofMinutes(1);

  @Option(
      names = "--steady",
      paramLabel = "DURATION",
      description = "how long to look at the steady state before; default: 1m")
  private Duration steady = Duration.ofMinutes(1);

  @Option(
      names = "--patience",
      paramLabel = "DURATION",
      description = "after which it is given up; default: 1h")
  private Duration patience = Duration.ofHours(1);

  @Override
  public Integer call() throws BenchException, IOException, InterruptedException {
    RotationPlan plan = plan();
    if (!Epoll.isAvailable()) {
      throw new BenchException("needs Linux on x86-64", Epoll.unavailabilityCause());
    }
    OpenFiles.require(subscribers);
    Machine machine = reports.machine();
    OpensslSpeed openssl = OpensslSpeed.measure();
    RotationFigures figures =
        new RotationRun(plan, this::tell, Clock.systemUTC()).measure(ownServer.program());
    reports.print(new RotationReport(machine, Machine.loadNow(), openssl, figures));
    return figures.isFlawless() ? 0 : 1;
  }

  /** What the options ask for. */
  RotationPlan plan() {
    Usage.require(
        spec, subscribers >= 2, "--subscribers " + subscribers + " (expected: at least 2)");
    requireAtLeast("--ttl", lifetime, SHORTEST_LIFE);
    requireAtLeast("--client-ttl", clientLifetime, SHORTEST_LIFE);
    requireAtMost("--client-ttl", clientLifetime, lifetime);
    requireAtLeast("--steady", steady, Duration.ofSeconds(1));
    return new RotationPlan(
        subscribers,
        delta ? SdsApi.DELTA : SdsApi.SOTW,
        lifetime,
        clientLifetime,
        window,
        rate,
        steady,
        patience);
  }

  private void requireAtLeast(String option, Duration time, Duration least) {
    Usage.require(
        spec,
        time.compareTo(least) >= 0,
        "%s %s (expected: at least %d s)".formatted(option, time, least.toSeconds()));
  }

  private void requireAtMost(String option, Duration time, Duration most) {
    Usage.require(
        spec,
        time.compareTo(most) <= 0,
        "%s %s (expected: at most --ttl, %d s)".formatted(option, time, most.toSeconds()));
  }

  private void tell(String news) {
    spec.commandLine().getErr().println(news);
  }
}
