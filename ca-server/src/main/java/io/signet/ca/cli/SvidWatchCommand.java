package io.signet.ca.cli;

import io.grpc.Channel;
import io.signet.ca.cli.SdsClient.Event.Ended;
import io.signet.ca.cli.SdsClient.Event.Pushed;
import io.signet.ca.cli.SdsClient.Event.Refused;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code signet svid watch}. */
@Command(
    name = "watch",
    description = {
      "Tells of each push of a server, until interrupted; --out keeps the files current.",
      "Comes back by itself after a lost stream, later each time up to 30 s."
    })
final class SvidWatchCommand implements Callable<Integer> {
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private SdsOptions options = new SdsOptions();

  @Option(
      names = "--exec",
      paramLabel = "COMMAND",
      description = {
        "what to run by sh after files of --out changed, as to reload a server;",
        "its output goes to standard error, a failure is told and the watch goes on"
      })
  private Optional<String> exec = Optional.empty();

  private Duration wait = FIRST_WAIT;

  @Override
  public Integer call() throws IOException, CommandException, InterruptedException {
    if (exec.isPresent() && options.out().isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--exec: no files to change (expected: --out too)");
    }
    // A first connection that cannot even be tried is a mistake of the caller, later ones are not.
    try (Connection connection = options.connect()) {
      pauseAfter(stream(options.channel(connection)));
      while (!Thread.currentThread().isInterrupted()) {
        pauseAfter(anotherStream(connection));
      }
    }
    return 0;
  }

  /** As {@link #stream}; a token that cannot be read now, as while it is replaced, ends it too. */
  private String anotherStream(Connection connection)
      throws IOException, CommandException, InterruptedException {
    Channel channel;
    try {
      channel = options.channel(connection);
    } catch (IOException e) {
      return LocalFiles.problem(e);
    }
    return stream(channel);
  }

  /** Follows one stream to its end, and returns why it ended. */
  private String stream(Channel channel)
      throws IOException, CommandException, InterruptedException {
    try (SdsClient client = SdsClient.open(channel, options.names())) {
      while (true) {
        switch (client.next()) {
          case Pushed pushed -> tell(pushed);
          case Refused refused ->
              warn("refused version %s: %s".formatted(refused.version(), refused.why()));
          case Ended ended -> {
            return Connection.problem(options.address(), ended.why());
          }
        }
      }
    }
  }

  private void tell(Pushed pushed) throws IOException, CommandException, InterruptedException {
    wait = FIRST_WAIT;
    if (options.out().isPresent() && options.out().get().write(pushed.secrets())) {
      runCommand();
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(options.json() ? json(pushed) : text(pushed));
    out.flush();
  }

  // What it prints must not come between the lines that others read from us.
  private void runCommand() throws IOException, InterruptedException {
    if (exec.isEmpty()) {
      return;
    }
    Process process = new ProcessBuilder("sh", "-c", "exec >&2\n" + exec.get()).inheritIO().start();
    int code = process.waitFor();
    if (code != 0) {
      warn("--exec: %s: exit code %d".formatted(exec.get(), code));
    }
  }

  private static String json(Pushed pushed) {
    Map<String, Object> push = new LinkedHashMap<>();
    push.put("version", pushed.version());
    push.put("secrets", SecretReport.fields(pushed.secrets()));
    return Json.of(push);
  }

  private static String text(Pushed pushed) {
    return "version %s%n%s%n".formatted(pushed.version(), SecretReport.table(pushed.secrets()));
  }

  private void pauseAfter(String why) throws InterruptedException {
    warn("%s; again in %d s".formatted(why, wait.toSeconds()));
    TimeUnit.NANOSECONDS.sleep(wait.toNanos());
    Duration doubled = wait.multipliedBy(2);
    wait = doubled.compareTo(LONGEST_WAIT) < 0 ? doubled : LONGEST_WAIT;
  }

  private void warn(String message) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("signet: " + message);
    err.flush();
  }
}
