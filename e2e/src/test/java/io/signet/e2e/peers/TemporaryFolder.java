package io.signet.e2e.peers;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Where a peer keeps its files while it runs. */
final class TemporaryFolder {
  private TemporaryFolder() {}

  static Path create(String peer) throws IOException {
    return Files.createTempDirectory("signet-" + peer + "-");
  }

  static void delete(Path folder) throws IOException {
    Files.walkFileTree(folder, new Delete());
  }

  private static final class Delete extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.delete(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException problem)
        throws IOException {
      if (problem != null) throw problem;
      Files.delete(folder);
      return FileVisitResult.CONTINUE;
    }
  }
}
