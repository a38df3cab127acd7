package io.signet.ca.cli;

import io.signet.spiffe.TrustDomain;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What can be chosen for {@code signet dev}. */
final class DevOptions {
  /** What keeps the root's key. */
  enum Custodian {
    FILE,
    PKCS11,
    VAULT
  }

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
      description = "how long certificates live, from 10s on (default: ${DEFAULT-VALUE})")
  Duration svidTtl = Duration.ZERO;

  @Option(
      names = "--custodian",
      paramLabel = "file|pkcs11|vault",
      description = "what keeps the root's key (default: the folder's, at first file)")
  Optional<Custodian> custodian = Optional.empty();

  @Option(
      names = "--pkcs11-library",
      paramLabel = "FILE",
      defaultValue = "/usr/lib/softhsm/libsofthsm2.so",
      description = "the PKCS#11 module (default: ${DEFAULT-VALUE})")
  Path pkcs11Library = Path.of("");

  @Option(
      names = "--pkcs11-token",
      paramLabel = "LABEL",
      defaultValue = "signet",
      description = "the token's label (default: ${DEFAULT-VALUE})")
  String pkcs11Token = "";

  @Option(
      names = "--pkcs11-pin-file",
      paramLabel = "FILE",
      description = "the token's user PIN (default: DIR/pkcs11.pin)")
  Optional<Path> pkcs11PinFile = Optional.empty();

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      description = "believe this cluster's service account tokens too")
  Optional<Path> kubeconfig = Optional.empty();
}
