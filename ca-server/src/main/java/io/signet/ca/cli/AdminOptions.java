package io.signet.ca.cli;

import io.signet.attestation.TrustedUrl;
import io.signet.ca.cli.Connection.ClientCertificate;
import io.signet.ca.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which server a command works with, and as which administrator. */
final class AdminOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = true)
  private OperatorOptions server = new OperatorOptions();

  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description = "the admin token (default: that of the dev server)")
  private Optional<Path> tokenFile = Optional.empty();

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "the administrator's SVID, as PEM, leaf first; for an https URL")
  private Optional<Path> certificate = Optional.empty();

  @Option(names = "--key", paramLabel = "FILE", description = "its private key")
  private Optional<Path> key = Optional.empty();

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      description = "whom to trust as the server, as PEM; for an https URL")
  private Optional<Path> roots = Optional.empty();

  /** To read what everybody may read. */
  OperatorPlane anybody() throws IOException, ConfigException, CommandException {
    return overTls(server.plane());
  }

  /**
   * To act.
   *
   * @throws CommandException when there are no credentials, or they would be given away
   */
  OperatorPlane administrator() throws IOException, ConfigException, CommandException {
    OperatorPlane plane = anybody();
    Optional<Path> token = tokenFile.or(this::ofDev);
    if (token.isEmpty() && certificate.isEmpty()) {
      throw new CommandException(
          plane.address() + ": no credentials (expected: --admin-token-file, or --cert and --key)");
    }
    return token.isEmpty() ? plane : withToken(plane, token.get());
  }

  private Optional<Path> ofDev() {
    return certificate.isPresent()
        ? Optional.empty()
        : server.dev().map(DevDirectory::adminToken).filter(Files::exists);
  }

  // Everybody on the way could read it, and then be the administrator.
  private static OperatorPlane withToken(OperatorPlane plane, Path token)
      throws IOException, CommandException {
    if (!TrustedUrl.isTrusted(plane.address().toString())) {
      throw new CommandException(
          "%s: the admin token is not sent there (expected: %s)"
              .formatted(plane.address(), TrustedUrl.FORM));
    }
    return plane.by(plane.access().withToken(token));
  }

  private OperatorPlane overTls(OperatorPlane plane) throws IOException {
    if (certificate.isPresent() != key.isPresent()) {
      throw usage("--cert and --key: only one of them (expected: both or none)");
    }
    Optional<ClientCertificate> shown =
        certificate.map(leaf -> new ClientCertificate(leaf, key.orElseThrow()));
    if (roots.isEmpty() && shown.isEmpty()) {
      return plane;
    }
    if (!plane.isOverTls()) {
      throw usage(
          "%s: no TLS there for --ca-file or --cert (expected: --operator https://...)"
              .formatted(plane.address()));
    }
    return plane.by(OperatorAccess.tls(roots, shown));
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
