package io.signet.ca.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Looks at the files that a configuration names; never at what is in them. */
@FunctionalInterface
interface FileProbe {
  /** What a key needs of its file. */
  enum Need {
    /** A file that can be read. */
    READABLE,
    /** A file that can be read, by its owner only. */
    PRIVATE,
    /** A folder, or nothing yet. */
    FOLDER,
    /** Anything, or nothing yet. */
    NOTHING
  }

  /** What is wrong with this file, if anything. */
  Optional<String> fault(Path path, Need need);

  /** Looks at the disk. */
  static FileProbe onDisk() {
    return (path, need) ->
        switch (need) {
          case READABLE -> unreadable(path);
          case PRIVATE -> unreadable(path).or(() -> open(path));
          case FOLDER -> Files.isRegularFile(path) ? Optional.of("a file") : Optional.empty();
          case NOTHING -> Optional.empty();
        };
  }

  private static Optional<String> unreadable(Path path) {
    if (!Files.exists(path)) {
      return Optional.of("no such file");
    }
    if (Files.isDirectory(path)) {
      return Optional.of("a folder");
    }
    return Files.isReadable(path) ? Optional.empty() : Optional.of("not readable");
  }

  private static Optional<String> open(Path path) {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path);
      Set<PosixFilePermission> others =
          EnumSet.copyOf(PosixFilePermissions.fromString("---rwxrwx"));
      others.retainAll(mode);
      return others.isEmpty()
          ? Optional.empty()
          : Optional.of("mode " + PosixFilePermissions.toString(mode));
    } catch (IOException e) {
      return Optional.of("not readable");
    }
  }
}
