package io.signet.e2e.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder that is gone when the benchmark is done. */
record BenchFolder(Path path) implements AutoCloseable {

  static BenchFolder create() throws IOException {
    return new BenchFolder(Files.createTempDirectory("signet-bench-"));
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
