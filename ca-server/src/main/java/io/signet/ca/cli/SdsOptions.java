package io.signet.ca.cli;

import io.grpc.Channel;
import io.signet.ca.cli.SdsAddress.Tcp;
import io.signet.ca.cli.SdsAddress.Unix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How {@code svid fetch} and {@code svid watch} reach a server, and what they ask for. */
final class SdsOptions {
  private static final Path DEV = Path.of(".signet");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--sds",
      paramLabel = "unix:PATH|HOST:PORT",
      description = "the server (default: unix:.signet/sds.sock, if it is there)")
  private Optional<SdsAddress> address = Optional.empty();

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      description =
          "what the server must chain to, as PEM; for HOST:PORT"
              + " (default: .signet/trust-bundle.pem, if it is there)")
  private Optional<Path> caFile = Optional.empty();

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "a bearer token; read anew for each stream")
  private Optional<Path> tokenFile = Optional.empty();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "a secret to ask for; repeatable (default: default and ROOTCA)")
  private List<String> names = List.of();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "where to write svid.pem, svid.key (0600) and bundle.pem")
  private Optional<Path> out = Optional.empty();

  @Option(
      names = OutputFormat.OPTION,
      paramLabel = OutputFormat.LABEL,
      defaultValue = OutputFormat.DEFAULT,
      description = OutputFormat.DESCRIPTION)
  private OutputFormat output = OutputFormat.TABLE;

  /** The secrets to ask for, each once. */
  List<String> names() {
    return names.isEmpty() ? List.of("default", "ROOTCA") : names.stream().distinct().toList();
  }

  Optional<SecretFolder> out() {
    return out.map(SecretFolder::new);
  }

  boolean json() {
    return output == OutputFormat.JSON;
  }

  SdsAddress address() {
    return address.or(SdsOptions::localSocket).orElseThrow(() -> missing("--sds"));
  }

  Connection connect() throws IOException {
    return switch (address()) {
      case Unix unix -> Connection.unix(existing(unix.path()));
      case Tcp tcp -> Connection.tls(tcp.address(), caFile(), Optional.empty());
    };
  }

  /** A channel with the credential, if there is one, as it is now. */
  Channel channel(Connection connection) throws IOException {
    return tokenFile.isPresent() ? connection.channelWith(tokenFile.get()) : connection.channel();
  }

  private Path caFile() {
    return caFile.or(() -> present("trust-bundle.pem")).orElseThrow(() -> missing("--ca-file"));
  }

  private static Optional<SdsAddress> localSocket() {
    return present("sds.sock").map(Unix::new);
  }

  private static Optional<Path> present(String name) {
    return Optional.of(DEV.resolve(name)).filter(Files::exists);
  }

  private static Path existing(Path socket) throws NoSuchFileException {
    if (!Files.exists(socket)) {
      throw new NoSuchFileException(socket.toString());
    }
    return socket;
  }

  private ParameterException missing(String option) {
    return new ParameterException(
        spec.commandLine(),
        option + ": missing, and there is no " + DEV + " here (expected: see --help)");
  }
}
