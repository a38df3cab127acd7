package io.signet.hsm;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What {@code e2e/peers/fetch} has put into the cache. */
public final class FetchedPeers {

  private static final Path ALL =
      environment("SIGNET_PEERS")
          .orElseGet(() ->
              environment("XDG_CACHE_HOME")
                  .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"))
                  .resolve("signet/peers"));

  private FetchedPeers() {}

  /** Where it is, if it was fetched. */
  public static Path path(String name) {
    return ALL.resolve(name);
  }

  /** What is there; without it a test is skipped, and on CI it fails. */
  public static Path require(Path path) {
    return Files.exists(path) ? path : without(path + " is missing; e2e/peers/fetch brings it");
  }

  /** Ends a test for the want of a peer: it is skipped for this reason, and on CI it fails. */
  public static Path without(String why) {
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError(why);
    }
    return abort(why);
  }

  private static Optional<Path> environment(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(v -> !v.isBlank()).map(Path::of);
  }
}
