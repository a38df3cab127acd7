package io.signet.ca.cli;

import io.signet.ca.config.CeremonyConfig;
import io.signet.ca.config.ConfigException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet ceremony}. */
@Command(
    name = "ceremony",
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Uses the key of an offline root, on a machine without a network. Everything comes from one",
      "file, is shown before it is done, and is written down."
    })
final class CeremonyCommand implements Runnable {
  private static final String YES = "yes";

  private final CaOffice office;
  private final Supplier<BufferedReader> answers;

  @Spec private CommandSpec spec = CommandSpec.create();

  /**
   * @param answers what is typed
   */
  CeremonyCommand(CaOffice office, Supplier<BufferedReader> answers) {
    this.office = office;
    this.answers = answers;
  }

  @Override
  public void run() {
    throw SignetCommand.missingSubcommand(spec);
  }

  /** {@code --config}. */
  static final class CeremonyOption {
    @Option(
        names = "--config",
        required = true,
        paramLabel = "FILE",
        description = "the ceremony, as docs/reference.md describes it")
    private Path file = Path.of("");

    CeremonyConfig load() throws ConfigException {
      return CeremonyConfig.load(file);
    }
  }

  @Command(
      name = "root",
      mixinStandardHelpOptions = true,
      description = "Makes the key of a root, and writes its certificate.")
  void root(@Mixin CeremonyOption ceremony) throws ConfigException, CommandException, IOException {
    CeremonyConfig config = ceremony.load();
    var _ = office.makeRoot(config, this::agreed);
    say(config.rootFile() + " has the root, " + config.transcriptFile() + " what was done");
  }

  @Command(
      name = "sign",
      mixinStandardHelpOptions = true,
      description = "Signs the request of a CA (signet authority csr), and writes its certificate.")
  void sign(@Mixin CeremonyOption ceremony) throws ConfigException, CommandException, IOException {
    CeremonyConfig config = ceremony.load();
    var _ = office.sign(config, this::agreed);
    say(
        config.certificateFile()
            + " has the certificate, "
            + config.transcriptFile()
            + " what was done");
  }

  private boolean agreed(String summary) {
    say(summary);
    say("Type yes to do it:");
    try {
      return YES.equals(answers.get().readLine());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void say(String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(text);
    out.flush();
  }
}
