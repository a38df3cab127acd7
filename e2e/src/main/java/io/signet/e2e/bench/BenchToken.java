package io.signet.e2e.bench;

import static java.nio.file.attribute.PosixFilePermissions.asFileAttribute;
import static java.nio.file.attribute.PosixFilePermissions.fromString;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A SoftHSM with a token of our own, where several servers may have one key. */
final class BenchToken implements AutoCloseable {

  private static final String LABEL = "signet";
  private static final int PIN_BYTES = 8;

  private final BenchFolder folder;
  private final Path installation;

  private BenchToken(BenchFolder folder, Path installation) {
    this.folder = folder;
    this.installation = installation;
  }

  /**
   * Makes one.
   *
   * @throws BenchException if SoftHSM is not among the peers
   */
  static BenchToken create() throws BenchException, IOException, InterruptedException {
    Path installation = peers().resolve("softhsm");
    if (!Files.isDirectory(installation)) {
      throw new BenchException(installation + ": no SoftHSM (expected: e2e/peers/fetch softhsm)");
    }
    BenchToken token = new BenchToken(BenchFolder.create(), installation);
    try {
      token.init();
      return token;
    } catch (BenchException | IOException | InterruptedException e) {
      token.close();
      throw e;
    }
  }

  // As e2e/peers/fetch has it.
  private static Path peers() {
    return variable("SIGNET_PEERS")
        .orElseGet(() ->
            variable("XDG_CACHE_HOME")
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("signet/peers"));
  }

  private static Optional<Path> variable(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(v -> !v.isBlank()).map(Path::of);
  }

  private void init() throws BenchException, IOException, InterruptedException {
    Path tokens = Files.createDirectory(folder.path().resolve("tokens"));
    Path _ =
        Files.writeString(
            configuration(), "directories.tokendir = %s\nlog.level = ERROR\n".formatted(tokens));
    String pin = secret();
    Path _ = Files.createFile(pinFile(), asFileAttribute(fromString("rw-------")));
    Path _ = Files.writeString(pinFile(), pin);
    run(
        installation.resolve("usr/bin/softhsm2-util").toString(),
        "--module",
        library().toString(),
        "--init-token",
        "--free",
        "--label",
        LABEL,
        "--so-pin",
        secret(),
        "--pin",
        pin);
  }

  private static String secret() {
    byte[] random = new byte[PIN_BYTES];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  private void run(String... command) throws BenchException, IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(List.of(command)).redirectErrorStream(true);
    builder.environment().putAll(environment());
    Process process = builder.start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new BenchException("softhsm2-util made no token: " + printed.strip());
    }
  }

  private Path configuration() {
    return folder.path().resolve("softhsm2.conf");
  }

  private Path pinFile() {
    return folder.path().resolve("pin");
  }

  private Path library() {
    return installation.resolve("usr/lib/softhsm/libsofthsm2.so");
  }

  /** What a server needs in its environment. */
  Map<String, String> environment() {
    return Map.of("SOFTHSM2_CONF", configuration().toString());
  }

  /** The section {@code keys} of a server that has its root there. */
  String keys() {
    return """
    keys:
      custodian: pkcs11
      pkcs11: { library: "%s", token: %s, pin-file: "%s" }
    """
        .formatted(library(), LABEL, pinFile());
  }

  @Override
  public void close() throws IOException {
    folder.close();
  }
}
