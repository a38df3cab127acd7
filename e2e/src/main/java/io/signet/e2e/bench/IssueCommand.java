package io.signet.e2e.bench;

import io.signet.ca.config.Address;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet bench issue}: certificates through Istio's endpoint, as sidecars ask for them. */
@Command(
    name = "issue",
    mixinStandardHelpOptions = true,
    description = {
      "Asks for certificates over TLS connections, through Istio's endpoint.",
      "Without --dir or --address it starts a server of its own in a temporary folder."
    })
final class IssueCommand implements Callable<Integer> {

  private static final int EC_REQUESTS = 1000;
  // An RSA key takes a hundred times longer to make.
  private static final int RSA_REQUESTS = 100;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ReportOptions reports = new ReportOptions();

  @Mixin private OwnServerOptions ownServer = new OwnServerOptions();

  @Option(names = "--dir", paramLabel = "DIR", description = "folder of a dev server that runs")
  private Optional<Path> dir = Optional.empty();

  @Option(names = "--address", paramLabel = "HOST:PORT", description = "any other server that runs")
  private Optional<Address> address = Optional.empty();

  @Option(names = "--ca-file", paramLabel = "FILE", description = "whom to trust at --address")
  private Optional<Path> caFile = Optional.empty();

  @Option(names = "--token-file", paramLabel = "FILE", description = "bearer token for --address")
  private Optional<Path> tokenFile = Optional.empty();

  @Option(
      names = "--identity",
      paramLabel = "SPIFFE-ID",
      description = "whose token that is; goes into the requests")
  private Optional<SpiffeId> identity = Optional.empty();

  @Option(
      names = "--pid",
      paramLabel = "PID",
      description = "process whose CPU and memory to measure with --dir or --address")
  private Optional<Long> pid = Optional.empty();

  @Option(
      names = "--connections",
      paramLabel = "N",
      description = "with 0, a new one for each certificate; default: ${DEFAULT-VALUE}")
  private int connections = 4;

  @Option(
      names = "--callers",
      paramLabel = "N",
      description = "each asks again as soon as it is answered; default: ${DEFAULT-VALUE}")
  private int callers = 32;

  @Option(
      names = "--rate",
      paramLabel = "N/s",
      description = "ask at this rate whatever the answers, instead of --callers")
  private Optional<Rate> rate = Optional.empty();

  @Option(names = "--duration", paramLabel = "DURATION", description = "default: 20s")
  private Duration duration = Duration.ofSeconds(20);

  @Option(names = "--warmup", paramLabel = "DURATION", description = "default: 10s")
  private Duration warmup = Duration.ofSeconds(10);

  @Option(names = "--key", paramLabel = "ALGORITHM", description = "ec-p256 (default) or rsa-2048")
  private KeyAlgorithm key = KeyAlgorithm.EC_P256;

  @Option(
      names = "--csrs",
      paramLabel = "N",
      description = "distinct requests, each with its own key; default: 1000, with RSA 100")
  private Optional<Integer> csrs = Optional.empty();

  @Override
  public Integer call() throws BenchException, IOException, InterruptedException {
    LoadPlan plan = plan();
    int requests = csrs.orElse(key.family().equals("EC") ? EC_REQUESTS : RSA_REQUESTS);
    Usage.requirePositive(spec, "--csrs", requests);
    Machine machine = reports.machine();
    OpensslSpeed openssl = OpensslSpeed.measure();
    try (Target target = target()) {
      IssueRun run = new IssueRun(target, plan, CsrPool.make(target.identity(), key, requests));
      reports.print(new IssueReport(machine, openssl, plan, run.measure()));
    }
    return 0;
  }

  LoadPlan plan() {
    Usage.require(
        spec, connections >= 0, "--connections " + connections + " (expected: 0 or more)");
    Usage.requirePositive(spec, "--callers", callers);
    return new LoadPlan(connections, callers, rate, warmup, duration);
  }

  private Target target() throws BenchException, IOException, InterruptedException {
    if (dir.isPresent()) {
      return Target.dev(dir.get(), process());
    }
    return address.isPresent() ? remote(address.get()) : ownServer.start();
  }

  private Target remote(Address server) throws IOException {
    return Target.remote(
        server,
        required("--ca-file", caFile),
        required("--token-file", tokenFile),
        required("--identity", identity),
        process());
  }

  private OptionalLong process() {
    return pid.map(OptionalLong::of).orElseGet(OptionalLong::empty);
  }

  private <T> T required(String option, Optional<T> value) {
    Usage.require(spec, value.isPresent(), option + " is missing (expected: with --address)");
    return value.orElseThrow();
  }
}
