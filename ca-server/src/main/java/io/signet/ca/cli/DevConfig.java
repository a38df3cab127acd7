package io.signet.ca.cli;

import io.signet.ca.cli.DevOptions.Custodian;
import io.signet.ca.config.Durations;
import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.SignetConfig;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Turns the options of {@code signet dev} into an ordinary configuration. */
final class DevConfig {
  private static final TrustDomain EXAMPLE = new TrustDomain("example.org");
  private static final Duration USUAL_MAXIMUM = Duration.ofHours(24);

  private final DevDirectory directory;
  private final DevOptions options;
  private final TrustDomain trustDomain;
  private final Custodian custodian;

  private DevConfig(
      DevDirectory directory, DevOptions options, TrustDomain trustDomain, Custodian custodian) {
    this.directory = directory;
    this.options = options;
    this.trustDomain = trustDomain;
    this.custodian = custodian;
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
    TrustDomain was = last.map(SignetConfig::trustDomain).orElse(EXAMPLE);
    Custodian had = last.map(DevConfig::custodianOf).orElse(Custodian.FILE);
    TrustDomain trustDomain = options.trustDomain.orElse(was);
    Custodian custodian = options.custodian.orElse(had);
    if (last.isPresent()) {
      requireSame("--trust-domain", trustDomain, was, directory);
      requireSame("--custodian", word(custodian), word(had), directory);
    }
    requireAvailable(custodian, options);
    return new DevConfig(directory, options, trustDomain, custodian);
  }

  TrustDomain trustDomain() {
    return trustDomain;
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
    svid: { default-lifetime: %s, max-lifetime: %s }
    attestation:
      unix:
      - { uid: %d, id: %s }
      jwt:
      - { issuer: %s, audience: %s, jwks-file: %s }
    %ssinks: { bundle-file: %s }
    data-dir: %s
    """
        .formatted(
            quoted(trustDomain),
            options.workloadPort,
            quoted(directory.socket()),
            options.operatorPort,
            keys().indent(2).stripTrailing(),
            Durations.format(options.svidTtl),
            Durations.format(maximum()),
            directory.uid(),
            quoted(self(System.getProperty("user.name", ""))),
            quoted(DevIssuer.NAME),
            quoted(DevIssuer.AUDIENCE),
            quoted(DevIssuer.jwksIn(directory)),
            kubernetes(),
            quoted(directory.trustBundle()),
            quoted(directory.data()));
  }

  /** The identity of a person of this name; what a path must not hold becomes a dash. */
  SpiffeId self(String login) {
    String segment = login.replaceAll("[^A-Za-z0-9._-]", "-");
    boolean relative = segment.matches("\\.{0,2}");
    return SpiffeId.of(trustDomain, "user", relative ? "unnamed" : segment);
  }

  private String keys() {
    return switch (custodian) {
      case FILE ->
          """
          custodian: file
          file: { path: %s, passphrase-file: %s }\
          """
              .formatted(quoted(directory.keys()), quoted(directory.passphrase()));
      case PKCS11 ->
          """
          custodian: pkcs11
          pkcs11: { library: %s, token: %s, pin-file: %s }\
          """
              .formatted(
                  quoted(options.pkcs11Library.toAbsolutePath()),
                  quoted(options.pkcs11Token),
                  quoted(pinFile(directory, options)));
      case VAULT -> throw new IllegalStateException("refused before");
    };
  }

  private String kubernetes() {
    return options
        .kubeconfig
        .map(file -> "  kubernetes:\n  - { kubeconfig: " + quoted(file.toAbsolutePath()) + " }\n")
        .orElse("");
  }

  private Duration maximum() {
    return options.svidTtl.compareTo(USUAL_MAXIMUM) > 0 ? options.svidTtl : USUAL_MAXIMUM;
  }

  private static Custodian custodianOf(SignetConfig config) {
    return config.keys().custodian() instanceof FileCustodian ? Custodian.FILE : Custodian.PKCS11;
  }

  private static void requireSame(String option, Object now, Object before, DevDirectory directory)
      throws CommandException {
    if (!now.equals(before)) {
      throw new CommandException(
          "%s %s: the keys in %s were made for %s (expected: %s, or another --dir)"
              .formatted(option, now, directory.root(), before, before));
    }
  }

  private static void requireAvailable(Custodian custodian, DevOptions options)
      throws CommandException {
    if (custodian == Custodian.VAULT) {
      throw new CommandException("--custodian vault: not available yet (expected: file or pkcs11)");
    }
    if (custodian == Custodian.PKCS11 && !Files.isReadable(options.pkcs11Library)) {
      throw new CommandException(
          "--pkcs11-library %s: no such file (expected: a PKCS#11 module; install the package"
                  .formatted(options.pkcs11Library)
              + " softhsm2, make a token with softhsm2-util --init-token, or name another module)");
    }
  }

  private static Path pinFile(DevDirectory directory, DevOptions options) {
    return options
        .pkcs11PinFile
        .map(Path::toAbsolutePath)
        .orElse(directory.root().resolve("pkcs11.pin"));
  }

  private static String word(Custodian custodian) {
    return custodian.name().toLowerCase(Locale.ROOT);
  }

  // JSON's strings are YAML's double-quoted ones.
  private static String quoted(Object value) {
    return Json.of(value.toString());
  }
}
