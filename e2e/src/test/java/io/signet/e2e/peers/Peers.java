package io.signet.e2e.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Finds the peers that {@code e2e/peers/fetch} has put into the cache. */
public final class Peers {
  private Peers() {}

  /**
   * The executable of a peer, or its folder if it is not a single executable ({@code softhsm},
   * {@code opensc}). Without the peer the running test is skipped with the reason; with {@code
   * CI=true} it fails.
   */
  public static Path require(String name) {
    Path cache = cache();
    Path executable = cache.resolve("bin").resolve(name);
    if (Files.isExecutable(executable)) return executable;
    Path folder = cache.resolve(name);
    if (Files.isDirectory(folder)) return folder;
    return without(name, reasonOfAbsence(cache, name));
  }

  private static Path without(String name, String reason) {
    String message = "peer " + name + " is missing: " + reason;
    if ("true".equals(System.getenv("CI"))) throw new AssertionError(message);
    return Assumptions.abort(message);
  }

  private static String reasonOfAbsence(Path cache, String name) {
    Path reason = cache.resolve("missing").resolve(name);
    if (Files.notExists(reason)) return "not in " + cache + " (run e2e/peers/fetch)";
    try {
      return Files.readString(reason).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path cache() {
    String chosen = System.getenv("SIGNET_PEERS");
    if (chosen != null && !chosen.isEmpty()) return Path.of(chosen);
    String xdg = System.getenv("XDG_CACHE_HOME");
    String caches =
        xdg != null && !xdg.isEmpty() ? xdg : System.getProperty("user.home") + "/.cache";
    return Path.of(caches, "signet", "peers");
  }
}
