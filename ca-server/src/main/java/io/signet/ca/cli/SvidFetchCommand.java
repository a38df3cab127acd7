package io.signet.ca.cli;

import static java.util.Objects.requireNonNull;

import io.grpc.Status;
import io.signet.ca.cli.SdsClient.Event.Ended;
import io.signet.ca.cli.SdsClient.Event.Pushed;
import io.signet.ca.cli.SdsClient.Event.Refused;
import io.signet.ca.config.Durations;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet svid fetch}. */
@Command(
    name = "fetch",
    description = {
      "Gets secrets over SDS once and tells what they are; --out writes them.",
      "Private keys are written with --out, and never printed."
    })
final class SvidFetchCommand implements Callable<Integer> {
  private static final Duration PAUSE = Duration.ofMillis(200);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private SdsOptions options = new SdsOptions();

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "15s",
      description = "how long to wait for all of them (default: ${DEFAULT-VALUE})")
  private Duration timeout = Duration.ZERO;

  @Option(
      names = "--wait",
      description = "wait for the server too, as an init container does before a proxy starts")
  private boolean wait;

  @Override
  public Integer call() throws IOException, CommandException, InterruptedException {
    Collection<ReceivedSecret> secrets = fetched();
    if (options.out().isPresent()) {
      boolean _ = options.out().get().write(secrets);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        options.json()
            ? Json.of(Map.of("secrets", SecretReport.fields(secrets)))
            : SecretReport.table(secrets));
    out.flush();
    return 0;
  }

  private Collection<ReceivedSecret> fetched()
      throws IOException, CommandException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      try {
        return fetched(deadline);
      } catch (ConnectException | NoSuchFileException absent) {
        if (!wait || System.nanoTime() + PAUSE.toNanos() > deadline) {
          throw absent;
        }
        Thread.sleep(PAUSE);
      }
    }
  }

  private Collection<ReceivedSecret> fetched(long deadline)
      throws IOException, CommandException, InterruptedException {
    try (Connection connection = options.connect();
        SdsClient client = SdsClient.open(options.channel(connection), options.names())) {
      return all(client, deadline);
    }
  }

  private Collection<ReceivedSecret> all(SdsClient client, long deadline)
      throws IOException, CommandException, InterruptedException {
    Map<String, ReceivedSecret> found = new HashMap<>();
    while (!found.keySet().containsAll(options.names())) {
      SdsClient.Event event = client.next(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      switch (event) {
        case null -> throw late(found.keySet());
        case Ended ended -> throw ended(ended.why());
        case Refused refused ->
            throw new CommandException(
                options.address() + ": a secret no proxy could use: " + refused.why());
        case Pushed pushed -> pushed.secrets().forEach(secret -> found.put(secret.name(), secret));
      }
    }
    return options.names().stream().map(name -> requireNonNull(found.get(name))).toList();
  }

  private CommandException ended(Throwable why) throws ConnectException {
    String problem = Connection.problem(options.address(), why);
    if (wait && Status.fromThrowable(why).getCode() == Status.Code.UNAVAILABLE) {
      throw new ConnectException(problem);
    }
    return new CommandException(problem);
  }

  private CommandException late(Set<String> found) {
    List<String> missing = options.names().stream().filter(name -> !found.contains(name)).toList();
    return new CommandException(
        "%s: no secret %s within %s (expected: a name that this caller may have)"
            .formatted(options.address(), String.join(", ", missing), Durations.format(timeout)));
  }
}
