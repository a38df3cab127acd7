package io.signet.ca.cli;

import io.signet.ca.config.Durations;
import io.signet.spiffe.TrustDomain;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What can be chosen for {@code signet dev}. */
final class DevOptions {
  /** What keeps the root's key. */
  enum Custodian {
    FILE,
    PKCS11,
    VAULT;

    /** As it is written on the command line and in the configuration. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final int LAST_PORT = 65535;
  private static final Duration SHORTEST_TTL = Duration.ofSeconds(10);

  // Twice that is the issuing authority's life, which must end before the root's 365 days do.
  private static final Duration LONGEST_TTL = Duration.ofDays(180);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      defaultValue = ".signet",
      description = "everything it keeps (default: ${DEFAULT-VALUE})")
  Path dir = Path.of("");

  @Option(
      names = "--trust-domain",
      paramLabel = "NAME",
      description = "whose identities to sign (default: the folder's, at first example.org)")
  Optional<TrustDomain> trustDomain = Optional.empty();

  @Option(
      names = "--workload-port",
      paramLabel = "PORT",
      defaultValue = "8443",
      description = "gRPC on 127.0.0.1; 0 for a free one (default: ${DEFAULT-VALUE})")
  int workloadPort;

  @Option(
      names = "--operator-port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "HTTP on 127.0.0.1; 0 for a free one (default: ${DEFAULT-VALUE})")
  int operatorPort;

  @Option(
      names = "--svid-ttl",
      paramLabel = "DURATION",
      defaultValue = "1h",
      description = "how long certificates live, 10s to 180d (default: ${DEFAULT-VALUE})")
  Duration svidTtl = Duration.ZERO;

  @Option(
      names = "--custodian",
      paramLabel = "file|pkcs11|vault",
      description = "what keeps the root's key (default: the folder's, at first file)")
  Optional<Custodian> custodian = Optional.empty();

  @Option(
      names = "--pkcs11-library",
      paramLabel = "FILE",
      description =
          "the PKCS#11 module (default: the folder's, at first " + Pkcs11Choice.SOFTHSM + ")")
  Optional<Path> pkcs11Library = Optional.empty();

  @Option(
      names = "--pkcs11-token",
      paramLabel = "LABEL",
      description =
          "the token's label (default: the folder's, at first " + Pkcs11Choice.TOKEN + ")")
  Optional<String> pkcs11Token = Optional.empty();

  @Option(
      names = "--pkcs11-pin-file",
      paramLabel = "FILE",
      description = "the token's user PIN (default: the folder's, at first DIR/pkcs11.pin)")
  Optional<Path> pkcs11PinFile = Optional.empty();

  @Option(
      names = "--vault-address",
      paramLabel = "URL",
      description =
          "a Vault or OpenBao (default: the folder's, at first " + VaultChoice.ADDRESS + ")")
  Optional<String> vaultAddress = Optional.empty();

  @Option(
      names = "--vault-mount",
      paramLabel = "PATH",
      description =
          "its Transit engine (default: the folder's, at first " + VaultChoice.MOUNT + ")")
  Optional<String> vaultMount = Optional.empty();

  @Option(
      names = "--vault-token-file",
      paramLabel = "FILE",
      description = "a token of it (default: the folder's, at first DIR/vault.token)")
  Optional<Path> vaultTokenFile = Optional.empty();

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      description = "believe this cluster's service account tokens too")
  Optional<Path> kubeconfig = Optional.empty();

  /**
   * Refuses numbers that no folder and no server could make good.
   *
   * @throws ParameterException naming the first of them
   */
  void requireInRange() {
    requirePort("--workload-port", workloadPort);
    requirePort("--operator-port", operatorPort);
    require(
        svidTtl.compareTo(SHORTEST_TTL) >= 0 && svidTtl.compareTo(LONGEST_TTL) <= 0,
        "--svid-ttl",
        Durations.format(svidTtl),
        "a duration from 10s to 180d");
  }

  private void requirePort(String option, int port) {
    require(port >= 0 && port <= LAST_PORT, option, port, "a port from 0 to 65535");
  }

  private void require(boolean holds, String option, Object found, String expected) {
    if (!holds) {
      throw new ParameterException(
          spec.commandLine(), "%s: %s (expected: %s)".formatted(option, found, expected));
    }
  }
}
