package io.signet.ca.cli;

import io.grpc.StatusRuntimeException;
import io.signet.ca.cli.Connection.ClientCertificate;
import io.signet.ca.config.Address;
import io.signet.proto.istio.IstioCertificateRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet svid sign}. */
@Command(
    name = "sign",
    description = {
      "Has a request signed by the CSR endpoint, as a sidecar would, and prints the chain as PEM:",
      "leaf first, then intermediates, without the roots. --output json has the roots too."
    })
final class SvidSignCommand implements Callable<Integer> {
  private static final String REQUEST = "CERTIFICATE REQUEST-----";
  private static final String FORM = "PKCS#10 as PEM";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--csr",
      required = true,
      paramLabel = "FILE",
      description = "the request, PKCS#10 as PEM")
  private Path csr = Path.of("");

  @Option(
      names = "--address",
      required = true,
      paramLabel = "HOST:PORT",
      description = "the workload plane of the server")
  private Address address = new Address("localhost", 0);

  @Option(
      names = "--ca-file",
      required = true,
      paramLabel = "FILE",
      description = "what the server must chain to, as PEM")
  private Path caFile = Path.of("");

  @ArgGroup(exclusive = true)
  private Credential credential = new Credential();

  @Option(
      names = "--ttl",
      paramLabel = "DURATION",
      description = "the lifetime to ask for (default: the server's)")
  private Optional<Duration> ttl = Optional.empty();

  @Option(
      names = "--cluster-id",
      paramLabel = "ID",
      defaultValue = "Kubernetes",
      description = "the cluster to come from (default: ${DEFAULT-VALUE})")
  private String clusterId = "";

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "15s",
      description = "how long to wait (default: ${DEFAULT-VALUE})")
  private Duration timeout = Duration.ZERO;

  @Option(
      names = OutputFormat.OPTION,
      paramLabel = OutputFormat.LABEL,
      defaultValue = OutputFormat.DEFAULT,
      description = OutputFormat.DESCRIPTION)
  private OutputFormat output = OutputFormat.TABLE;

  /** Who asks: a token, a certificate, or nobody in particular. */
  static final class Credential {
    @Option(names = "--token-file", paramLabel = "FILE", description = "a bearer token")
    private @Nullable Path tokenFile;

    @ArgGroup(exclusive = false)
    private @Nullable Pair pair;

    /** A client certificate. */
    static final class Pair {
      @Option(
          names = "--cert",
          required = true,
          paramLabel = "FILE",
          description = "a client certificate as PEM, leaf first")
      private Path certificate = Path.of("");

      @Option(names = "--key", required = true, paramLabel = "FILE", description = "its key as PEM")
      private Path key = Path.of("");

      ClientCertificate clientCertificate() {
        return new ClientCertificate(certificate, key);
      }
    }

    Optional<Path> token() {
      return Optional.ofNullable(tokenFile);
    }

    Optional<ClientCertificate> certificate() {
      return Optional.ofNullable(pair).map(Pair::clientCertificate);
    }
  }

  @Override
  public Integer call() throws IOException, CommandException {
    List<String> chain = signed(request());
    PrintWriter out = spec.commandLine().getOut();
    out.print(output == OutputFormat.JSON ? json(chain) : leafFirst(chain));
    out.flush();
    return 0;
  }

  private IstioCertificateRequest request() throws IOException, CommandException {
    String pem = LocalFiles.text(csr, FORM);
    if (!pem.contains(REQUEST)) {
      throw new CommandException(csr + ": not a request (expected: " + FORM + ")");
    }
    return IstioCertificateRequest.newBuilder()
        .setCsr(pem)
        .setValidityDuration(ttl.map(Duration::toSeconds).orElse(0L))
        .build();
  }

  private List<String> signed(IstioCertificateRequest request)
      throws IOException, CommandException {
    try (Connection connection = Connection.tls(address, caFile, credential.certificate())) {
      return connection.createCertificate(request, credential.token(), clusterId, timeout);
    } catch (StatusRuntimeException e) {
      throw new CommandException(Connection.problem(address, e), e);
    }
  }

  // The last element is the roots (ISTIO-21, -22); whoever serves TLS must not send them.
  private String leafFirst(List<String> chain) throws CommandException {
    if (chain.size() < 2) {
      throw new CommandException(
          "%s: %d certificates (expected: leaf and roots)".formatted(address, chain.size()));
    }
    return String.join("", chain.subList(0, chain.size() - 1));
  }

  private String json(List<String> chain) throws CommandException {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("chain", leafFirst(chain));
    fields.put("roots", chain.getLast());
    return Json.of(fields) + System.lineSeparator();
  }
}
