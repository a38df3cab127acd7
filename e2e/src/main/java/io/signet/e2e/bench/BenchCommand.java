package io.signet.e2e.bench;

import io.signet.ca.config.Address;
import io.signet.ca.config.Durations;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code signet bench} alone: says what there is. */
@Command(
    name = "bench",
    description = "Measures Signet on this machine; docs/benchmarks.md says what the numbers mean.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    subcommands = {
      ConnectionsCommand.class,
      CustodyCommand.class,
      FailoverCommand.class,
      IssueCommand.class,
      OverloadCommand.class,
      RotationCommand.class,
      SdsCommand.class,
      StartCommand.class,
      StepsCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed", "2:wrong usage"})
final class BenchCommand implements Runnable {

  @Spec private CommandSpec spec = CommandSpec.create();

  static int run(String... args) {
    return commandLine().execute(args);
  }

  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new BenchCommand());
    register(commandLine, Duration.class, Durations::parse);
    register(commandLine, Address.class, Address::parse);
    register(commandLine, Rate.class, Rate::parse);
    register(commandLine, SpiffeId.class, SpiffeId::parse);
    register(commandLine, KeyAlgorithm.class, BenchCommand::keyAlgorithm);
    return commandLine
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command));
  }

  private static <T> void register(
      CommandLine commandLine, Class<T> type, Function<String, T> parser) {
    commandLine.registerConverter(
        type,
        text -> {
          try {
            return parser.apply(text);
          } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
          }
        });
  }

  private static KeyAlgorithm keyAlgorithm(String name) {
    return KeyAlgorithm.named(name)
        .orElseThrow(
            () -> new IllegalArgumentException("\"" + name + "\" (expected: ec-p256 or rsa-2048)"));
  }

  private static int failed(Exception e, CommandLine command) throws Exception {
    command.getErr().println("signet bench: " + message(e));
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static String message(Exception e) throws Exception {
    return switch (e) {
      case BenchException _ -> String.valueOf(e.getMessage());
      case NoSuchFileException file -> file.getFile() + ": not there (expected: a file to read)";
      case AccessDeniedException file -> file.getFile() + ": may not be read by this user";
      case IOException io -> String.valueOf(io.getMessage());
      default -> throw e;
    };
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
