package io.signet.ca.cli;

import static java.util.Objects.requireNonNull;

import io.signet.ca.config.ConfigException;
import io.signet.ca.config.KeysConfig;
import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.KeysConfig.FileEncryption;
import io.signet.ca.config.KeysConfig.FileEncryption.ByKeyFile;
import io.signet.ca.config.KeysConfig.FileEncryption.ByPassphrase;
import io.signet.ca.config.SecretPlace;
import io.signet.hsm.CustodianBench;
import io.signet.hsm.CustodianBench.Row;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code signet keys}. */
@Command(
    name = "keys",
    synopsisSubcommandLabel = "COMMAND",
    description = "Works with what keeps the root's key.")
final class KeysCommand implements Runnable {
  private final Custody custody;
  private final Clock clock;

  @Spec private CommandSpec spec = CommandSpec.create();

  KeysCommand(Custody custody, Clock clock) {
    this.custody = custody;
    this.clock = clock;
  }

  @Override
  public void run() {
    throw SignetCommand.missingSubcommand(spec);
  }

  @Command(
      name = "change-passphrase",
      mixinStandardHelpOptions = true,
      description = {
        "Puts the key files of a configuration under another passphrase or key-file: all of them or",
        "none. No server may run on them. Afterwards put the new one where the configuration says",
        "that it is, or have the configuration say where it is."
      })
  void changePassphrase(
      @Mixin ConfigOption config, @ArgGroup(exclusive = true, multiplicity = "1") NewSecret next)
      throws ConfigException, CommandException, IOException {
    KeysConfig keys = config.load().keys();
    if (!(keys.custodian() instanceof FileCustodian files)) {
      throw new CommandException(
          "keys.custodian: not file (expected: file, for only files have a passphrase)");
    }
    FileEncryption encryption = next.encryption();
    try {
      custody.changeEncryption(files, encryption);
    } catch (CustodyException e) {
      throw new CommandException(String.valueOf(e.getMessage()));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(files.path() + " is under the new " + whatToDoNext(encryption, files.encryption()));
    out.flush();
  }

  private static String whatToDoNext(FileEncryption next, FileEncryption before) {
    return switch (next) {
      case ByPassphrase _ when before instanceof ByPassphrase ->
          "passphrase; put it where the configuration looks for it: " + before;
      case ByKeyFile _ when before instanceof ByKeyFile ->
          "key-file; put it where the configuration looks for it: " + before;
      case ByPassphrase(SecretPlace place) ->
          "passphrase; have the configuration say keys.file.passphrase-file: %s instead of key-file"
              .formatted(place);
      case ByKeyFile(Path file) ->
          "key-file; have the configuration say keys.file.key-file: %s instead of the passphrase"
              .formatted(file);
    };
  }

  /** What the files are to be under. */
  static final class NewSecret {
    @Option(
        names = "--new-passphrase-file",
        required = true,
        paramLabel = "FILE",
        description = "a file that holds the new passphrase and nothing else")
    private @Nullable Path passphraseFile;

    @Option(
        names = "--new-key-file",
        required = true,
        paramLabel = "FILE",
        description = "a file of 32 or more random bytes")
    private @Nullable Path keyFile;

    FileEncryption encryption() throws IOException {
      if (keyFile != null) {
        return new ByKeyFile(SecretPlace.inPrivateFile(keyFile.toAbsolutePath()).path());
      }
      Path file = requireNonNull(passphraseFile, "picocli demands one of them");
      return new ByPassphrase(SecretPlace.inPrivateFile(file.toAbsolutePath()));
    }
  }

  @Command(
      name = "bench",
      mixinStandardHelpOptions = true,
      description = {
        "Measures the signatures of the custodian of a configuration, each verified as in earnest,",
        "with a key of keys.algorithm that is made for it and destroyed at the end, also after",
        "Ctrl-C.",
        "No server may run on the same key files; with a token one may."
      })
  void bench(
      @Mixin ConfigOption config,
      @Option(
              names = "--callers",
              split = ",",
              paramLabel = "N",
              defaultValue = "1,2,4,8,16,32",
              description = "how many ask at once, one row each (default: ${DEFAULT-VALUE})")
          List<Integer> callers,
      @Option(
              names = "--duration",
              paramLabel = "DURATION",
              defaultValue = "3s",
              description = "how long each row is measured (default: ${DEFAULT-VALUE})")
          Duration duration,
      @Option(
              names = OutputFormat.OPTION,
              paramLabel = OutputFormat.LABEL,
              defaultValue = OutputFormat.DEFAULT,
              description = OutputFormat.DESCRIPTION)
          OutputFormat output)
      throws ConfigException, CommandException, IOException, InterruptedException {
    if (callers.stream().anyMatch(each -> each < 1) || !duration.isPositive()) {
      throw new ParameterException(
          spec.commandLine(),
          "--callers %s, --duration %s (expected: each more than nothing)"
              .formatted(callers, duration));
    }
    KeysConfig keys = config.load().keys();
    try {
      KeysReport report = new KeysReport(keys.algorithm(), measured(keys, callers, duration));
      PrintWriter out = spec.commandLine().getOut();
      out.println(output == OutputFormat.JSON ? Json.of(report.fields()) : report.table());
      out.flush();
    } catch (CustodyException e) {
      throw new CommandException(String.valueOf(e.getMessage()));
    }
  }

  private List<Row> measured(KeysConfig keys, List<Integer> callers, Duration duration)
      throws CustodyException, IOException, InterruptedException {
    // Before signals are waited for: nothing else ends a prompt for the secret.
    KeyCustodian custodian = custody.open(keys.custodian());
    try (Ending _ = Ending.bySignal();
        custodian) {
      return new CustodianBench(custodian, keys.algorithm(), clock).measured(callers, duration);
    }
  }
}
