package io.signet.ca.cli;

import io.signet.ca.authorization.Decision;
import io.signet.ca.authorization.Decision.Granted;
import io.signet.ca.authorization.KeyType;
import io.signet.ca.authorization.Wish;
import io.signet.ca.config.ConfigException;
import io.signet.ca.config.SignetConfig;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet entitlement explain}. */
@Command(
    name = "explain",
    description = {
      "Says whether a caller gets an identity, which rule decides, and what it gets.",
      "Decides as the server does, from the configuration alone; no server needs to run.",
      "Exits with 0 when it is granted and with 1 when it is denied."
    })
final class EntitlementExplainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = true)
  private Place place = new Place();

  @Option(
      names = "--caller",
      required = true,
      paramLabel = "ID",
      description = "the SPIFFE ID that the caller proves")
  private SpiffeId caller = new TrustDomain("missing").id();

  @Option(
      names = "--identity",
      paramLabel = "ID",
      description = "the SPIFFE ID that it asks for (default: its own)")
  private Optional<SpiffeId> identity = Optional.empty();

  @Option(
      names = "--key-type",
      paramLabel = "NAME",
      description =
          "the kind of its key, as keys.algorithm is written (default: one that it may have)")
  private Optional<KeyAlgorithm> keyType = Optional.empty();

  @Option(
      names = "--lifetime",
      paramLabel = "DURATION",
      description = "the lifetime that it asks for (default: the server's)")
  private Optional<Duration> lifetime = Optional.empty();

  @Option(
      names = OutputFormat.OPTION,
      paramLabel = OutputFormat.LABEL,
      defaultValue = OutputFormat.DEFAULT,
      description = OutputFormat.DESCRIPTION)
  private OutputFormat output = OutputFormat.TABLE;

  /** Where the configuration is. */
  static final class Place {
    @Option(names = "--config", paramLabel = "FILE", description = "the configuration")
    private @Nullable Path file;

    @Option(
        names = "--dir",
        paramLabel = "DIR",
        description = "that of the dev server of this folder (default: .signet)")
    private Path directory = Path.of(".signet");

    Path config() {
      return file == null ? new DevDirectory(directory).config() : file;
    }
  }

  @Override
  public Integer call() throws IOException, ConfigException {
    var wish = new Wish(identity.map(SpiffeId::toString), lifetime, keyType.map(KeyType::of));
    Decision decision = config().entitlements().decide(caller, wish);
    var report = new DecisionReport(caller, identity.orElse(caller), decision);
    PrintWriter out = spec.commandLine().getOut();
    out.println(output == OutputFormat.JSON ? Json.of(report.fields()) : report.table());
    out.flush();
    return decision instanceof Granted ? 0 : 1;
  }

  // The files that it names need not be on this machine.
  private SignetConfig config() throws IOException, ConfigException {
    Path file = place.config().toAbsolutePath();
    return SignetConfig.parse(LocalFiles.text(file, "a configuration"), file.resolveSibling(""));
  }
}
