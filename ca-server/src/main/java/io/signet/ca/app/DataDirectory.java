package io.signet.ca.app;

import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The folder of the embedded store. */
final class DataDirectory {

  private DataDirectory() {}

  /** The folder that the configuration names, made if missing. */
  static Path of(SignetConfig config) throws IOException {
    Path directory = config.dataDir().toAbsolutePath();
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      requireWritable(directory);
    } catch (IOException e) {
      throw new FileProblem("data-dir", e, "a folder to write to, made if missing");
    }
    return directory;
  }

  private static void requireWritable(Path directory) throws AccessDeniedException {
    if (!Files.isWritable(directory)) {
      throw new AccessDeniedException(directory.toString());
    }
  }
}
