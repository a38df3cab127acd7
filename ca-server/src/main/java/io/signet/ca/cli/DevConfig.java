package io.signet.ca.cli;

import io.signet.ca.cli.DevOptions.Custodian;
import io.signet.ca.config.ConfigException;
import io.signet.ca.config.Durations;
import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.KeysConfig.MemoryCustodian;
import io.signet.ca.config.KeysConfig.Pkcs11Custodian;
import io.signet.ca.config.KeysConfig.VaultCustodian;
import io.signet.ca.config.KeysConfig.VaultEngine;
import io.signet.ca.config.SignetConfig;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;

/** Turns the options of {@code signet dev} into an ordinary configuration. */
final class DevConfig {
  private static final TrustDomain EXAMPLE = new TrustDomain("example.org");
  private static final Duration USUAL_MAXIMUM = Duration.ofHours(24);
  private static final Duration USUAL_ISSUING = Duration.ofDays(7);

  private final DevDirectory directory;
  private final DevOptions options;
  private final TrustDomain trustDomain;
  private final String keys;

  private DevConfig(
      DevDirectory directory, DevOptions options, TrustDomain trustDomain, String keys) {
    this.directory = directory;
    this.options = options;
    this.trustDomain = trustDomain;
    this.keys = keys;
  }

  /**
   * Decides what the options leave open by what the folder was last started with.
   *
   * @throws CommandException if the options contradict the keys that are in the folder, or ask for
   *     what is not there
   */
  static DevConfig of(DevDirectory directory, DevOptions options)
      throws IOException, CommandException {
    Optional<SignetConfig> last = directory.lastConfig();
    TrustDomain trustDomain =
        kept(
            "--trust-domain",
            options.trustDomain,
            last.map(SignetConfig::trustDomain),
            EXAMPLE,
            directory);
    Custodian custodian =
        kept(
            "--custodian",
            options.custodian,
            last.map(DevConfig::custodianOf),
            Custodian.FILE,
            directory);
    return new DevConfig(
        directory, options, trustDomain, keys(custodian, options, last, directory));
  }

  /**
   * What the text says, if a server could start with it.
   *
   * @throws CommandException with all problems together
   */
  static SignetConfig checked(String yaml, DevDirectory directory) throws CommandException {
    try {
      return SignetConfig.loadText(yaml, directory.root());
    } catch (ConfigException e) {
      // Without the lines: nobody has seen this text.
      throw new CommandException(
          e.problems().stream()
              .map(each ->
                  "%s: %s (expected: %s)".formatted(each.key(), each.found(), each.expected()))
              .collect(Collectors.joining("\n")),
          e);
    }
  }

  /** The configuration, as a file. */
  String yaml() throws IOException {
    return """
    # Written by `signet dev` at each start, from its options.
    # To keep a change, copy the file and start `signet serve --config COPY`.
    trust-domain: %s
    listen:
      workload: 127.0.0.1:%d
      sds-socket: %s
      operator: 127.0.0.1:%d
    serving-names: [localhost, 127.0.0.1]
    keys:
    %s
    authority: { issuing-lifetime: %s }
    svid: { default-lifetime: %s, max-lifetime: %s }
    attestation:
      unix:
      - { uid: %d, id: %s }
      jwt:
      - { issuer: %s, audience: %s, jwks-file: %s }
    %ssinks: { bundle-file: %s }
    admin: { token-file: %s }
    # Here all callers share one address, and no token names a pod to tell them apart.
    limits: { per-identity: off, per-address: off }
    data-dir: %s
    """
        .formatted(
            quoted(trustDomain),
            options.workloadPort,
            quoted(directory.socket()),
            options.operatorPort,
            keys.indent(2).stripTrailing(),
            Durations.format(issuing()),
            Durations.format(options.svidTtl),
            Durations.format(maximum()),
            directory.uid(),
            quoted(self(System.getProperty("user.name", ""))),
            quoted(DevIssuer.NAME),
            quoted(DevIssuer.AUDIENCE),
            quoted(DevIssuer.jwksIn(directory)),
            kubernetes(),
            quoted(directory.trustBundle()),
            quoted(directory.adminToken()),
            quoted(directory.data()));
  }

  /** The identity of a person of this name; what a path must not hold becomes a dash. */
  SpiffeId self(String login) {
    String segment = login.replaceAll("[^A-Za-z0-9._-]", "-");
    boolean relative = segment.matches("\\.{0,2}");
    return SpiffeId.of(trustDomain, "user", relative ? "unnamed" : segment);
  }

  private static String keys(
      Custodian custodian, DevOptions options, Optional<SignetConfig> last, DevDirectory directory)
      throws CommandException {
    return switch (custodian) {
      case FILE -> keysInFilesOf(directory);
      case PKCS11 -> keysIn(Pkcs11Choice.of(options, last.flatMap(DevConfig::tokenOf), directory));
      case VAULT -> keysIn(VaultChoice.of(options, last.flatMap(DevConfig::engineOf), directory));
    };
  }

  private static String keysInFilesOf(DevDirectory directory) {
    return """
    custodian: file
    file: { path: %s, passphrase-file: %s }\
    """
        .formatted(quoted(directory.keys()), quoted(directory.passphrase()));
  }

  private static String keysIn(Pkcs11Choice token) {
    return """
    custodian: pkcs11
    pkcs11: { library: %s, token: %s, pin-file: %s }\
    """
        .formatted(quoted(token.library()), quoted(token.token()), quoted(token.pinFile()));
  }

  private static String keysIn(VaultChoice vault) {
    return """
    custodian: vault
    vault:
      address: [%s]
      mount: %s
      auth: { method: token, token-file: %s }\
    """
        .formatted(
            vault.addresses().stream().map(DevConfig::quoted).collect(Collectors.joining(", ")),
            quoted(vault.mount()),
            quoted(vault.tokenFile()));
  }

  private String kubernetes() {
    return options
        .kubeconfig
        .map(file -> "  kubernetes:\n  - { kubeconfig: " + quoted(file.toAbsolutePath()) + " }\n")
        .orElse("");
  }

  private Duration maximum() {
    return longer(options.svidTtl, USUAL_MAXIMUM);
  }

  // No SVID may outlive half of its issuer's life.
  private Duration issuing() {
    return longer(maximum().multipliedBy(2), USUAL_ISSUING);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private static Custodian custodianOf(SignetConfig config) {
    return switch (config.keys().custodian()) {
      case FileCustodian _, MemoryCustodian _ -> Custodian.FILE;
      case Pkcs11Custodian _ -> Custodian.PKCS11;
      case VaultCustodian _ -> Custodian.VAULT;
    };
  }

  private static Optional<Pkcs11Custodian> tokenOf(SignetConfig config) {
    return config.keys().custodian() instanceof Pkcs11Custodian token
        ? Optional.of(token)
        : Optional.empty();
  }

  private static Optional<VaultEngine> engineOf(SignetConfig config) {
    return config.keys().custodian() instanceof VaultCustodian(VaultEngine engine)
        ? Optional.of(engine)
        : Optional.empty();
  }

  /** What is chosen now, what the keys were made for, or what a new folder gets. */
  private static <T> T kept(
      String option, Optional<T> chosen, Optional<T> before, T first, DevDirectory directory)
      throws CommandException {
    T now = chosen.or(() -> before).orElse(first);
    if (before.isPresent() && !before.get().equals(now)) {
      throw new CommandException(
          "%s %s: the keys in %s were made for %s (expected: %s, or another --dir)"
              .formatted(option, now, directory.root(), before.get(), before.get()));
    }
    return now;
  }

  // JSON's strings are YAML's double-quoted ones.
  private static String quoted(Object value) {
    return Json.of(value.toString());
  }
}
