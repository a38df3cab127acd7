package io.signet.e2e.bench;

import static java.nio.file.attribute.PosixFilePermissions.asFileAttribute;
import static java.nio.file.attribute.PosixFilePermissions.fromString;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder that is gone when the benchmark is done. */
record BenchFolder(Path path) implements AutoCloseable {

  static BenchFolder create() throws IOException {
    return new BenchFolder(Files.createTempDirectory("signet-bench-"));
  }

  /** As many random bytes as asked for. */
  static byte[] random(int bytes) {
    byte[] random = new byte[bytes];
    new SecureRandom().nextBytes(random);
    return random;
  }

  /** Writes what only we may read. */
  Path keep(String name, byte[] secret) throws IOException {
    Path file = path.resolve(name);
    Path _ = Files.createFile(file, asFileAttribute(fromString("rw-------")));
    return Files.write(file, secret);
  }

  @Override
  public void close() throws IOException {
    delete(path);
  }

  /** With all that is in it. */
  static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
