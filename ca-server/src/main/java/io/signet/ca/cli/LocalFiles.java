package io.signet.ca.cli;

import io.signet.spiffe.Pem;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;

/**
 * Files as the program writes and reads them: whole or not at all, secrets for the owner only, and
 * with errors that a person understands.
 */
public final class LocalFiles {
  private static final String OWNER_ONLY = "rw-------";
  private static final String ALL_MAY_READ = "rw-r--r--";
  private static final String ALL_MAY_ENTER = "rwxr-xr-x";
  private static final String OWNER_FOLDER = "rwx------";

  private LocalFiles() {}

  /** Replaces the file in one step; its mode is 0644. Errors name the file. */
  public static void write(Path file, String text) throws IOException {
    replace(file, text.getBytes(StandardCharsets.UTF_8), ALL_MAY_READ);
  }

  /** Replaces the file in one step; its mode is 0600 from the first byte on. */
  static void writeSecret(Path file, byte[] secret) throws IOException {
    replace(file, secret, OWNER_ONLY);
  }

  /** Makes the folder with mode 0700 if it is missing, and closes it to others if it is not. */
  static void makePrivateFolder(Path folder) throws IOException {
    Set<PosixFilePermission> mode = PosixFilePermissions.fromString(OWNER_FOLDER);
    if (folder.getParent() != null) {
      Files.createDirectories(folder.getParent());
    }
    try {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(mode));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
      Files.setPosixFilePermissions(folder, mode);
    }
  }

  /** Lets others see what is in a folder that we made: its files have modes of their own. */
  static void letAllEnter(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(ALL_MAY_ENTER));
  }

  /**
   * Reads a file that is to hold text.
   *
   * @param expected what that is, for the message when it holds something else
   */
  static String text(Path file, String expected) throws IOException {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": not text (expected: " + expected + ")", e);
    }
  }

  /**
   * Reads certificates as PEM, at least one.
   *
   * @throws IOException also when the file holds something else; the message names the file
   */
  public static List<X509Certificate> certificates(Path file) throws IOException {
    String expected = "certificates as PEM";
    try {
      List<X509Certificate> certificates = Pem.certificates(text(file, expected));
      if (certificates.isEmpty()) {
        throw new IOException(file + ": empty (expected: " + expected + ")");
      }
      return certificates;
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s (expected: %s)".formatted(file, e.getMessage(), expected), e);
    }
  }

  /** What went wrong with a file, for a person; the exceptions of NIO say little but its name. */
  public static String problem(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> missing.getFile() + ": no such file";
      case AccessDeniedException denied -> denied.getFile() + ": access denied";
      case FileAlreadyExistsException exists -> exists.getFile() + ": is in the way";
      case FileSystemException other when other.getReason() == null ->
          other.getFile() + ": " + other.getClass().getSimpleName();
      default -> String.valueOf(e.getMessage());
    };
  }

  private static void replace(Path file, byte[] content, String permissions) throws IOException {
    try {
      moveIntoPlace(file, content, permissions);
    } catch (FileSystemException e) {
      throw spokenOf(file, e);
    }
  }

  // What failed is a file beside it, whose name means nothing to anybody.
  private static FileSystemException spokenOf(Path file, FileSystemException e) {
    FileSystemException told =
        switch (e) {
          case NoSuchFileException _ ->
              new FileSystemException(file.toString(), null, "no such folder");
          case AccessDeniedException _ -> new AccessDeniedException(file.toString());
          default -> new FileSystemException(file.toString(), null, e.getReason());
        };
    told.initCause(e);
    return told;
  }

  private static void moveIntoPlace(Path file, byte[] content, String permissions)
      throws IOException {
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
