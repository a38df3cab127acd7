package io.signet.ca.cli;

import io.signet.ca.config.KeysConfig.VaultEngine;
import io.signet.ca.config.KeysConfig.VaultLogin.ByToken;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The Vault that is to keep the root's key of a {@code signet dev}.
 *
 * @param addresses of its nodes, as they are written
 * @param mount of the Transit engine
 * @param tokenFile a token of it, absolute
 */
record VaultChoice(List<String> addresses, String mount, Path tokenFile) {
  /** Where {@code vault server -dev} and {@code bao server -dev} listen. */
  static final String ADDRESS = "http://127.0.0.1:8200";

  static final String MOUNT = "transit";

  VaultChoice {
    addresses = List.copyOf(addresses);
  }

  /** What the options say, and where they say nothing, what it was. */
  static VaultChoice of(DevOptions options, Optional<VaultEngine> last, DevDirectory directory) {
    List<String> addresses =
        options
            .vaultAddress
            .map(List::of)
            .or(() -> last.map(VaultChoice::addresses))
            .orElse(List.of(ADDRESS));
    String mount = options.vaultMount.or(() -> last.map(VaultEngine::mount)).orElse(MOUNT);
    Path tokenFile =
        options
            .vaultTokenFile
            .or(() -> last.flatMap(VaultChoice::tokenFile))
            .orElse(directory.root().resolve("vault.token"));
    return new VaultChoice(addresses, mount, tokenFile.toAbsolutePath());
  }

  private static List<String> addresses(VaultEngine engine) {
    return engine.addresses().stream().map(URI::toString).toList();
  }

  private static Optional<Path> tokenFile(VaultEngine engine) {
    return engine.login() instanceof ByToken(Path path) ? Optional.of(path) : Optional.empty();
  }
}
