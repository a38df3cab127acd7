package io.signet.ca.cli;

import io.signet.ca.config.Address;
import io.signet.ca.config.ConfigException;
import io.signet.ca.config.Durations;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.charset.Charset;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * The command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
 *
 * <p>Results go to standard output, everything else to standard error.
 */
public final class SignetCommand {
  private static final Logger log = LoggerFactory.getLogger(SignetCommand.class);

  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

  private final CommandLine commandLine;
  private BooleanSupplier terminal = SignetCommand::isOnTerminal;
  private BufferedReader answers =
      new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));

  /**
   * @param starter starts the server of {@code serve} and {@code dev}
   * @param custody opens what {@code keys} works with
   * @param office does what {@code authority} and {@code ceremony} are told
   * @param clock dates the tokens of {@code dev token}
   */
  public SignetCommand(ServerStarter starter, Custody custody, CaOffice office, Clock clock) {
    this.commandLine =
        new CommandLine(new Root())
            .addSubcommand(new DevCommand(starter, clock))
            .addSubcommand(new ServeCommand(starter))
            .addSubcommand(new ConfigCommand())
            .addSubcommand(
                new CommandLine(new KeysCommand(custody, clock))
                    .addSubcommand(new KeysStatusCommand()))
            .addSubcommand(new AuthorityCommand(office))
            .addSubcommand(new CeremonyCommand(office, () -> answers))
            .addSubcommand(new RotationCommand(() -> terminal.getAsBoolean(), SignetCommand::pause))
            .addSubcommand(new BundleCommand())
            .addSubcommand(
                new CommandLine(new EntitlementCommand())
                    .addSubcommand(new EntitlementExplainCommand()))
            .addSubcommand(
                new CommandLine(new SdsCommand()).addSubcommand(new SdsSubscribersCommand()))
            .addSubcommand(
                new CommandLine(new SvidCommand())
                    .addSubcommand(new SvidFetchCommand())
                    .addSubcommand(new SvidWatchCommand())
                    .addSubcommand(new SvidSignCommand())
                    .addSubcommand(new SvidRevokeCommand())
                    .addSubcommand(new SvidLiftCommand())
                    .addSubcommand(new SvidRevokedCommand()));
    addConverters();
    addHelpAndVersion(commandLine);
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setExecutionExceptionHandler((e, command, parsed) -> failed(e, command));
  }

  /** Sends output elsewhere than to the process's own streams. */
  public SignetCommand writingTo(PrintWriter out, PrintWriter err) {
    commandLine.setOut(out);
    commandLine.setErr(err);
    terminal = () -> false;
    return this;
  }

  /** Takes what is typed from elsewhere than the process's own input. */
  public SignetCommand reading(Reader in) {
    answers = new BufferedReader(in);
    return this;
  }

  /** Runs one command and returns its exit code. */
  public int run(String... arguments) {
    return commandLine.execute(arguments);
  }

  CommandLine commandLine() {
    return commandLine;
  }

  // What is drawn in place needs to know that it is.
  private static boolean isOnTerminal() {
    boolean terminal =
        Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    return terminal && !"dumb".equals(System.getenv("TERM"));
  }

  private static void pause() throws InterruptedException {
    Thread.sleep(BETWEEN_LOOKS);
  }

  private void addConverters() {
    register(Duration.class, Durations::parse);
    register(TrustDomain.class, TrustDomain::parse);
    register(Address.class, Address::parse);
    register(SdsAddress.class, SdsAddress::parse);
    register(OperatorPlane.class, OperatorPlane::parse);
    register(SpiffeId.class, SpiffeId::parse);
    register(KeyAlgorithm.class, SignetCommand::keyAlgorithm);
  }

  private static KeyAlgorithm keyAlgorithm(String name) {
    return KeyAlgorithm.named(name)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "key type %s (expected: one of %s)"
                    .formatted(name, Arrays.toString(KeyAlgorithm.values()))));
  }

  private <T> void register(Class<T> type, Function<String, T> parser) {
    ITypeConverter<T> converter =
        text -> {
          try {
            return parser.apply(text);
          } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
          }
        };
    commandLine.registerConverter(type, converter);
  }

  private static void addHelpAndVersion(CommandLine command) {
    // A command that is a method has them by annotation: picocli counts its parameters by it.
    if (!command.getCommandSpec().mixinStandardHelpOptions()) {
      command.getCommandSpec().mixinStandardHelpOptions(true);
    }
    command.getCommandSpec().versionProvider(new Version());
    command.getSubcommands().values().forEach(SignetCommand::addHelpAndVersion);
  }

  private static int failed(Exception e, CommandLine command) {
    command.getErr().println("signet: " + messageOf(e));
    command.getErr().flush();
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static String messageOf(Exception e) {
    return switch (e) {
      case CommandException _, StartException _, ConfigException _ ->
          String.valueOf(e.getMessage());
      case IOException file -> LocalFiles.problem(file);
      case InterruptedException _ -> "interrupted";
      default -> unexpected(e);
    };
  }

  private static String unexpected(Exception e) {
    log.error("a command failed in a way nobody thought of", e);
    return "a bug, please report it: " + e;
  }

  /** {@code signet} alone. */
  @Command(
      name = "signet",
      synopsisSubcommandLabel = "COMMAND",
      description = "A certificate authority and identity service for service meshes.",
      footerHeading = "%nOf the launcher, in a checkout:%n",
      footer = {
        "  test    Runs the tests, with their peers: unit, e2e or all.",
        "  bench   Runs the benchmarks."
      },
      exitCodeListHeading = "%nExit codes:%n",
      exitCodeList = {"0:done", "1:refused or failed", "2:wrong usage"})
  static final class Root implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
      throw missingSubcommand(spec);
    }
  }

  static ParameterException missingSubcommand(CommandSpec spec) {
    return new ParameterException(
        spec.commandLine(),
        "no command (expected: one of " + String.join(", ", spec.subcommands().keySet()) + ")");
  }
}
