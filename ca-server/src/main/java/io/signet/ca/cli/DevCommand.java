package io.signet.ca.cli;

import io.signet.attestation.ServiceAccountName;
import io.signet.ca.config.ListenConfig;
import io.signet.ca.config.SignetConfig;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code signet dev} and {@code signet dev token}. */
@Command(
    name = "dev",
    description = {
      "Serves on loopback with everything it needs in one folder, until interrupted.",
      "A later start on the same folder goes on with the same keys."
    })
final class DevCommand implements Callable<Integer> {
  private final ServerStarter starter;
  private final Clock clock;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DevOptions options = new DevOptions();

  DevCommand(ServerStarter starter, Clock clock) {
    this.starter = starter;
    this.clock = clock;
  }

  @Override
  public Integer call() throws IOException, CommandException, StartException, InterruptedException {
    options.requireInRange();
    var directory = new DevDirectory(options.dir);
    try (Closeable _ = directory.lock()) {
      directory.makeSecrets();
      new DevIssuer(directory, clock).prepare();
      serve(directory);
    }
    return 0;
  }

  @Command(
      name = "token",
      mixinStandardHelpOptions = true,
      description =
          "Prints a bearer token that the dev server accepts for spiffe://TD/ns/NS/sa/SA.")
  int token(
      @Parameters(paramLabel = "NS", description = "the namespace") String namespace,
      @Parameters(paramLabel = "SA", description = "the service account") String account,
      @Option(
              names = "--dir",
              paramLabel = "DIR",
              defaultValue = ".signet",
              description = "the folder of the dev server (default: ${DEFAULT-VALUE})")
          Path dir,
      @Option(
              names = "--ttl",
              paramLabel = "DURATION",
              defaultValue = "1h",
              description = "how long it counts (default: ${DEFAULT-VALUE})")
          Duration ttl,
      @Option(
              names = "--audience",
              paramLabel = "NAME",
              defaultValue = DevIssuer.AUDIENCE,
              description = "what it is made for (default: ${DEFAULT-VALUE})")
          String audience,
      @Option(
              names = OutputFormat.OPTION,
              paramLabel = OutputFormat.LABEL,
              defaultValue = OutputFormat.DEFAULT,
              description = OutputFormat.DESCRIPTION)
          OutputFormat output)
      throws IOException, CommandException, InterruptedException {
    ServiceAccountName name = named(namespace, account);
    if (ttl.compareTo(Duration.ofSeconds(1)) < 0) {
      throw usage("--ttl: 0s (expected: at least 1s)");
    }
    String token = new DevIssuer(new DevDirectory(dir), clock).token(name, ttl, audience);
    print(output == OutputFormat.JSON ? Json.of(Map.of("token", token)) : token);
    return 0;
  }

  private void serve(DevDirectory directory)
      throws IOException, CommandException, StartException, InterruptedException {
    String yaml = DevConfig.of(directory, options).yaml();
    SignetConfig config = DevConfig.checked(yaml, directory);
    Serving.untilTheEnd(
        starter.start(config, Optional.empty()),
        listening -> {
          // Not before: what a start that failed was told must not bind the next one.
          LocalFiles.write(directory.config(), yaml);
          LocalFiles.write(
              directory.envoy(), EnvoyBootstrap.yaml(directory.socket(), config.trustDomain()));
          announce(listening, directory);
        });
  }

  private void announce(ListenConfig listening, DevDirectory directory) {
    print(
        "%s  (%s)%n%s"
            .formatted(Serving.readyLine(listening), sinceStart(), hints(listening, directory)));
  }

  private String hints(ListenConfig listening, DevDirectory directory) {
    return """
    try next:
      ./signet svid fetch --sds unix:%2$s/sds.sock
      ./signet dev token default web --dir %2$s > web.token
      openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout web.key -subj / -out web.csr
      ./signet svid sign --csr web.csr --address %1$s --ca-file %2$s/trust-bundle.pem --token-file web.token
      envoy -c %2$s/envoy.yaml\
    """
        .formatted(listening.workload(), directory.root());
  }

  private String sinceStart() {
    return ProcessHandle.current()
        .info()
        .startInstant()
        .map(start -> Duration.between(start, clock.instant()).toMillis())
        .map(millis -> String.format(Locale.ROOT, "%.1f s", millis / 1000.0))
        .orElse("");
  }

  private ServiceAccountName named(String namespace, String account) {
    try {
      return new ServiceAccountName(namespace, account);
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.subcommands().get("token"), message);
  }

  private void print(String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(text);
    out.flush();
  }
}
