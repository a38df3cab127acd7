package io.signet.ca.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files as the commands write and read them: whole or not at all, secrets for the owner only. */
final class LocalFiles {
  private static final String OWNER_ONLY = "rw-------";
  private static final String ALL_MAY_READ = "rw-r--r--";
  private static final String OWNER_FOLDER = "rwx------";

  private LocalFiles() {}

  /** Replaces the file in one step; its mode is 0644. */
  static void write(Path file, String text) throws IOException {
    replace(file, text.getBytes(StandardCharsets.UTF_8), ALL_MAY_READ);
  }

  /** Replaces the file in one step; its mode is 0600 from the first byte on. */
  static void writeSecret(Path file, byte[] secret) throws IOException {
    replace(file, secret, OWNER_ONLY);
  }

  /** Makes the folder with mode 0700 if it is missing, and closes it to others if it is not. */
  static void makePrivateFolder(Path folder) throws IOException {
    Set<PosixFilePermission> mode = PosixFilePermissions.fromString(OWNER_FOLDER);
    if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.setPosixFilePermissions(folder, mode);
      return;
    }
    if (folder.getParent() != null) {
      Files.createDirectories(folder.getParent());
    }
    Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(mode));
  }

  /** What went wrong with a file, for a person. */
  static String problem(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> missing.getFile() + ": no such file";
      case AccessDeniedException denied -> denied.getFile() + ": access denied";
      case FileAlreadyExistsException exists -> exists.getFile() + ": is in the way";
      default -> String.valueOf(e.getMessage());
    };
  }

  private static void replace(Path file, byte[] content, String permissions) throws IOException {
    Set<PosixFilePermission> mode = PosixFilePermissions.fromString(permissions);
    FileAttribute<Set<PosixFilePermission>> attribute = PosixFilePermissions.asFileAttribute(mode);
    Path folder = file.toAbsolutePath().resolveSibling("");
    Path fresh = Files.createTempFile(folder, "." + file.getFileName(), ".new", attribute);
    try {
      Files.write(fresh, content);
      Files.setPosixFilePermissions(fresh, mode); // the umask may have taken from it
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
