package io.signet.e2e.bench;

import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet bench sds}: what it takes to keep proxies supplied with secrets. */
@Command(
    name = "sds",
    mixinStandardHelpOptions = true,
    description = {
      "Delivers SVIDs and bundles to proxies on this machine, each with an identity and a",
      "connection of its own, and measures how soon they have them and what each of them costs.",
      "Each number of proxies has a server of its own."
    })
final class SdsCommand implements Callable<Integer> {

  private static final int IN_FLIGHT = 256;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ReportOptions reports = new ReportOptions();

  @Mixin private OwnServerOptions ownServer = new OwnServerOptions();

  @Option(
      names = "--subscribers",
      paramLabel = "N",
      split = ",",
      description = "how many proxies; a list, may be repeated; default: 1000,3000,10000")
  private List<Integer> subscribers = List.of(1_000, 3_000, 10_000);

  @ArgGroup private Door door = new Door();

  private static final class Door {
    @Option(names = "--unix", description = "over the Unix socket; the default")
    private boolean unix;

    @Option(names = "--tls", description = "over TLS, each with a full handshake")
    private boolean tls;

    private boolean isTls() {
      return tls && !unix;
    }
  }

  @ArgGroup private Coming coming = new Coming();

  private static final class Coming {
    @Option(names = "--burst", description = "all connect at once")
    private boolean burst;

    @Option(
        names = "--rate",
        paramLabel = "N/s",
        description = "connect at most at this rate; at most 256 are on their way at once")
    private Optional<Rate> rate = Optional.empty();
  }

  @Option(
      names = "--warmup",
      paramLabel = "N",
      description = "proxies that come and go before; default: ${DEFAULT-VALUE}")
  private int warmup = 1_000;

  @Option(names = "--lifetime", paramLabel = "DURATION", description = "of SVIDs; default: 1h")
  private Optional<Duration> lifetime = Optional.empty();

  @Option(
      names = "--bundle-name",
      paramLabel = "NAME",
      description = {
        "what the second stream of a proxy asks for; default: ${DEFAULT-VALUE}.",
        "With ALL or spiffe://other.example that bundle is changed at the end"
      })
  private String bundleName = "ALL";

  @Option(
      names = "--renewals",
      paramLabel = "DURATION",
      description = "watch so long while SVIDs are renewed; their lifetime is twice that")
  private Optional<Duration> renewals = Optional.empty();

  @Option(
      names = "--newcomers",
      paramLabel = "N/s",
      description = "new proxies that come while renewals are watched; default: ${DEFAULT-VALUE}")
  private Rate newcomers = new Rate(5);

  @Override
  public Integer call() throws BenchException, IOException, InterruptedException {
    SdsPlan plan = plan();
    if (!Epoll.isAvailable()) {
      throw new BenchException("needs Linux on x86-64", Epoll.unavailabilityCause());
    }
    OpenFiles.require(mostSubscribers());
    Machine machine = reports.machine();
    List<SdsFigures> figures = new ArrayList<>();
    for (int proxies : subscribers) {
      figures.add(new SdsRun(plan, proxies).measure(ownServer.program()));
    }
    reports.print(new SdsReport(machine, figures));
    return 0;
  }

  private int mostSubscribers() {
    return subscribers.stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  /** What the options ask for. */
  SdsPlan plan() {
    subscribers.forEach(each -> Usage.requirePositive(spec, "--subscribers", each));
    Usage.requirePositive(spec, "--warmup", warmup);
    renewals.ifPresent(each -> requireTime("--renewals", each));
    lifetime.ifPresent(each -> requireTime("--lifetime", each));
    int inFlight = coming.burst ? mostSubscribers() : IN_FLIGHT;
    return new SdsPlan(
        warmup,
        door.isTls(),
        new ProxyFleet.Pace(inFlight, coming.rate),
        lifetime.orElseGet(this::usualLifetime),
        bundleName,
        renewals,
        newcomers);
  }

  private void requireTime(String option, Duration time) {
    Usage.require(
        spec,
        time.compareTo(Duration.ofSeconds(10)) >= 0,
        "%s %s (expected: at least 10s)".formatted(option, time));
  }

  // An SVID is renewed when a little less than half of its life is over.
  private Duration usualLifetime() {
    return renewals.map(watched -> watched.multipliedBy(2)).orElse(Duration.ofHours(1));
  }
}
