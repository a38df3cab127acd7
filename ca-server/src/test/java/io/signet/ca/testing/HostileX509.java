package io.signet.ca.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Requests, certificates and lists of revoked ones that others have made to break parsers (CORP-1):
 * the X.509 part of Debian's {@code python3-cryptography-vectors}.
 */
public final class HostileX509 {

  private static final Path ALL = peers().resolve("hostile-x509/x509");

  private HostileX509() {}

  /** The files below a folder of the corpus; without it a test is skipped, and on CI it fails. */
  public static List<Path> files(String folder) {
    try (Stream<Path> found = Files.walk(corpus().resolve(folder))) {
      return found.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One file, by its path in the corpus. */
  public static byte[] read(Path file) {
    try {
      return Files.readAllBytes(corpus().resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path corpus() {
    if (Files.isDirectory(ALL)) {
      return ALL;
    }
    String why = ALL + " is missing; e2e/peers/fetch brings it";
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError(why);
    }
    return abort(why);
  }

  private static Path peers() {
    return environment("SIGNET_PEERS")
        .orElseGet(() ->
            environment("XDG_CACHE_HOME")
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("signet/peers"));
  }

  private static Optional<Path> environment(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(v -> !v.isBlank()).map(Path::of);
  }
}
