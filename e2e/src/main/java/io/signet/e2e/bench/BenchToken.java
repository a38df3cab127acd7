package io.signet.e2e.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A SoftHSM with a token of our own, where several servers may have one key. */
final class BenchToken {

  private static final String LABEL = "signet";
  private static final String PIN_FILE = "pin";
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
   * @param folder to have it in
   * @throws BenchException if SoftHSM is not among the peers
   */
  static BenchToken create(BenchFolder folder)
      throws BenchException, IOException, InterruptedException {
    Path installation = peers().resolve("softhsm");
    if (!Files.isDirectory(installation)) {
      throw new BenchException(installation + ": no SoftHSM (expected: e2e/peers/fetch softhsm)");
    }
    BenchToken token = new BenchToken(folder, installation);
    token.init();
    return token;
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
    String pin = pin();
    Path _ = folder.keep(PIN_FILE, pin.getBytes(US_ASCII));
    run(
        installation.resolve("usr/bin/softhsm2-util").toString(),
        "--module",
        library().toString(),
        "--init-token",
        "--free",
        "--label",
        LABEL,
        "--so-pin",
        pin(),
        "--pin",
        pin);
  }

  private static String pin() {
    return HexFormat.of().formatHex(BenchFolder.random(PIN_BYTES));
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
        .formatted(library(), LABEL, folder.path().resolve(PIN_FILE));
  }
}
