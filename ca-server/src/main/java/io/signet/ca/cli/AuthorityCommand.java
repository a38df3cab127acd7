package io.signet.ca.cli;

import io.signet.ca.cli.CaOffice.Imported;
import io.signet.ca.config.ConfigException;
import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet authority}. */
@Command(
    name = "authority",
    synopsisSubcommandLabel = "COMMAND",
    description = "Works with the CA that signs issuing authorities.")
final class AuthorityCommand implements Runnable {
  private final CaOffice office;

  @Spec private CommandSpec spec = CommandSpec.create();

  AuthorityCommand(CaOffice office) {
    this.office = office;
  }

  @Override
  public void run() {
    throw SignetCommand.missingSubcommand(spec);
  }

  @Command(
      name = "csr",
      mixinStandardHelpOptions = true,
      description = {
        "Prints a request for a CA certificate of the key in the custodian, which is made if there",
        "is none. The configuration has authority.root: imported, and no server may run on it."
      })
  void csr(
      @Mixin ConfigOption config,
      @Option(
              names = "--out",
              paramLabel = "FILE",
              description = "writes it there instead of printing it")
          Optional<Path> out)
      throws ConfigException, CommandException, IOException {
    String request = office.request(imported(config));
    if (out.isPresent()) {
      LocalFiles.write(out.get(), request);
    } else {
      print(request);
    }
  }

  @Command(
      name = "import",
      mixinStandardHelpOptions = true,
      description = {
        "Takes the certificate that was signed for the request of \"authority csr\", or the CA of",
        "an Istio with its key. Its chain, key, constraints and lifetime are checked before",
        "anything changes. The configuration has authority.root: imported, and no server may run",
        "on it."
      })
  void importCa(
      @Mixin ConfigOption config,
      @ArgGroup(multiplicity = "1") Source source,
      @Option(
              names = OutputFormat.OPTION,
              paramLabel = OutputFormat.LABEL,
              defaultValue = OutputFormat.DEFAULT,
              description = OutputFormat.DESCRIPTION)
          OutputFormat output)
      throws ConfigException, CommandException, IOException {
    CaReport report = new CaReport(source.importedBy(office, imported(config)));
    print(
        output == OutputFormat.JSON
            ? Json.of(report.fields()) + System.lineSeparator()
            : report.table() + System.lineSeparator());
  }

  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = {
        "Lists the CAs of a running server, the newest first: which one signs, which one is to, and",
        "which ones have. Asks for no credentials."
      })
  void list(
      @Mixin AdminOptions server,
      @Option(
              names = OutputFormat.OPTION,
              paramLabel = OutputFormat.LABEL,
              defaultValue = OutputFormat.DEFAULT,
              description = OutputFormat.DESCRIPTION)
          OutputFormat output)
      throws ConfigException, CommandException, IOException, InterruptedException {
    var report = new AuthoritiesReport(server.anybody().get("/v1/authorities"));
    String text = output == OutputFormat.JSON ? report.json() : report.authorities();
    print(text + System.lineSeparator());
  }

  /** Where the CA comes from. */
  static final class Source {
    @ArgGroup(exclusive = false)
    private @Nullable Signed signed;

    @Option(
        names = "--istio",
        paramLabel = "PATH",
        description = {
          "the secret cacerts or istio-ca-secret: a folder with its files, or what kubectl get",
          "secret prints as YAML or JSON"
        })
    private Optional<Path> istio = Optional.empty();

    /** A certificate, and what it hangs from. */
    static final class Signed {
      @Option(
          names = "--certificate",
          required = true,
          paramLabel = "FILE",
          description = "the CA's certificate, and those between it and a root, as PEM")
      private Path certificate = Path.of("");

      @Option(
          names = "--roots",
          required = true,
          paramLabel = "FILE",
          description = "whom to trust, as PEM")
      private Path roots = Path.of("");
    }

    Imported importedBy(CaOffice office, SignetConfig config) throws CommandException, IOException {
      if (istio.isPresent()) {
        return office.takeOver(config, istio.get());
      }
      Signed given = Objects.requireNonNull(signed); // one of the two is there
      return office.accept(
          config, LocalFiles.certificates(given.certificate), LocalFiles.certificates(given.roots));
    }
  }

  private static SignetConfig imported(ConfigOption option)
      throws ConfigException, CommandException {
    SignetConfig config = option.load();
    if (!config.authority().isImported()) {
      throw new CommandException(
          "authority.root: not imported (expected: imported, or the server would make a root of its"
              + " own)");
    }
    return config;
  }

  private void print(String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.print(text);
    out.flush();
  }
}
