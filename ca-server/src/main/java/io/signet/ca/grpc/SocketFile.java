package io.signet.ca.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The right to serve on the path of a Unix socket. A bind replaces the socket of a live server
 * without an error (SET-5), so the right is a lock on a file beside it, which the kernel releases
 * when its holder dies. The lock file itself stays: deleting it would let two servers lock two
 * files of one name.
 */
final class SocketFile implements AutoCloseable {
  // sockaddr_un.sun_path holds 108 bytes with the zero at the end.
  private static final int LONGEST_PATH = 107;

  // A lock needs no rights for others, and others could use them to keep us from starting.
  private static final Set<PosixFilePermission> FOR_OWNER =
      PosixFilePermissions.fromString("rw-------");

  private final Path path;
  private final FileChannel lockFile;

  private SocketFile(Path path, FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
  }

  /**
   * Takes the path and clears it of a socket that a dead server left.
   *
   * @throws IOException naming the path and the cause: too long, no directory, taken by a running
   *     server, or there is a file that is no socket
   */
  static SocketFile claim(Path path) throws IOException {
    requirePath(path);
    SocketFile claimed = lock(path);
    try {
      claimed.deleteStale();
      return claimed;
    } catch (IOException e) {
      claimed.lockFile.close();
      throw e;
    }
  }

  /**
   * Lets those connect who shall; to be called once the socket is bound. Until then the umask
   * decides, so only the directory keeps others away for that moment.
   *
   * @param group of the file; empty: it stays as it is
   * @throws IOException naming the path, if there is no such group or we may not give it the file
   */
  void open(Set<PosixFilePermission> mode, Optional<String> group) throws IOException {
    if (group.isPresent()) {
      give(group.get()); // first: what the mode lets a group do is for no other
    }
    var _ = Files.setPosixFilePermissions(path, mode);
  }

  private void give(String group) throws IOException {
    try {
      Files.getFileAttributeView(path, PosixFileAttributeView.class, NOFOLLOW_LINKS)
          .setGroup(
              path.getFileSystem()
                  .getUserPrincipalLookupService()
                  .lookupPrincipalByGroupName(group));
    } catch (UserPrincipalNotFoundException e) {
      throw cannot(path, "no group %s (expected: one of this machine)".formatted(group));
    } catch (FileSystemException e) {
      throw cannot(
          path, "group %s (expected: a group that this process is in)".formatted(group), e);
    }
  }

  /** Removes the socket and gives the path free. */
  @Override
  public void close() throws IOException {
    try (lockFile) {
      Files.deleteIfExists(path);
    }
  }

  private static void requirePath(Path path) throws IOException {
    int length = path.toString().getBytes(UTF_8).length;
    if (length > LONGEST_PATH) {
      throw cannot(path, "path of %d bytes (expected: at most %d)".formatted(length, LONGEST_PATH));
    }
    Path directory = path.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw cannot(path, "no directory " + directory);
    }
  }

  private static SocketFile lock(Path path) throws IOException {
    Path beside = path.resolveSibling(path.getFileName() + ".lock");
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              beside, Set.of(CREATE, WRITE), PosixFilePermissions.asFileAttribute(FOR_OWNER));
    } catch (FileSystemException e) {
      throw cannot(path, "cannot open its lock file " + beside, e);
    }
    if (tryLock(channel) == null) {
      channel.close();
      throw cannot(path, "a running server holds its lock file " + beside);
    }
    return new SocketFile(path, channel);
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException heldByThisProcess) {
      return null;
    }
  }

  private void deleteStale() throws IOException {
    if (!Files.exists(path, NOFOLLOW_LINKS)) {
      return;
    }
    var found = Files.readAttributes(path, BasicFileAttributes.class, NOFOLLOW_LINKS);
    if (!found.isOther()) {
      throw cannot(path, "a file that is no socket is in its place");
    }
    Files.delete(path);
  }

  private static IOException cannot(Path path, String why) {
    return new IOException("cannot listen on unix:%s: %s".formatted(path, why));
  }

  private static IOException cannot(Path path, String why, IOException cause) {
    return new IOException("cannot listen on unix:%s: %s (%s)".formatted(path, why, cause), cause);
  }
}
