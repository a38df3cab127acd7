package io.signet.hsm.soft;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A directory of small files that nobody else may read, held by one process at a time. A file in it
 * is whole or not there, also after a crash.
 */
final class PrivateDirectory implements AutoCloseable {

  private static final FileAttribute<?> OWNER_ALL = permissions("rwx------");
  private static final FileAttribute<?> OWNER_READS_AND_WRITES = permissions("rw-------");
  private static final String LOCK = "lock";
  private static final String TEMPORARY = ".tmp";
  private static final String AHEAD = "write-ahead";

  private final Path path;
  private final FileChannel lock;

  private PrivateDirectory(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  private static FileAttribute<?> permissions(String text) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(text));
  }

  /**
   * Creates the directory where it is missing, and takes it for this process.
   *
   * @throws CustodyException {@link Fault#BUSY} when another has it, {@link Fault#DENIED} when it
   *     is open to others
   */
  static PrivateDirectory open(Path path) throws CustodyException, IOException {
    if (!Files.isDirectory(path)) {
      Path _ = Files.createDirectories(path, OWNER_ALL);
    }
    requirePrivate(path);
    PrivateDirectory directory = new PrivateDirectory(path, locked(path));
    try {
      directory.finishWriteAll();
      return directory;
    } catch (CustodyException | IOException | RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  private static FileChannel locked(Path path) throws CustodyException, IOException {
    FileChannel channel =
        FileChannel.open(path.resolve(LOCK), Set.of(CREATE, WRITE), OWNER_READS_AND_WRITES);
    if (!isFirst(channel)) {
      channel.close();
      throw new CustodyException(Fault.BUSY, path + " is already in use by another process");
    }
    return channel;
  }

  private static boolean isFirst(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException takenInThisProcess) {
      return false;
    }
  }

  Path resolve(String name) {
    return path.resolve(name);
  }

  /** The names of the files that end so. */
  List<String> names(String ending) throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(ending))
          .sorted()
          .toList();
    }
  }

  byte[] read(String name) throws CustodyException, IOException {
    Path file = path.resolve(name);
    if (Files.isDirectory(file)) {
      throw new CustodyException(
          Fault.BROKEN, "key file " + file + " is a folder (expected: a key file)");
    }
    requirePrivate(file);
    return Files.readAllBytes(file);
  }

  /** A file or folder that is open to others is {@link Fault#DENIED}. */
  static void requirePrivate(Path file) throws CustodyException, IOException {
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
    boolean open =
        mode.stream().map(PosixFilePermission::name).anyMatch(name -> !name.startsWith("OWNER_"));
    if (open) {
      throw new CustodyException(
          Fault.DENIED,
          "%s is open to others: %s (expected: no permission for group and others)"
              .formatted(file, PosixFilePermissions.toString(mode)));
    }
  }

  /**
   * Writes the file whole: it is on the disk when this returns. A leftover of a crash is replaced.
   */
  void write(String name, byte[] content) throws IOException {
    Path temporary = path.resolve(name + TEMPORARY);
    boolean _ = Files.deleteIfExists(temporary);
    try (FileChannel out =
        FileChannel.open(temporary, Set.of(CREATE_NEW, WRITE), OWNER_READS_AND_WRITES)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        int _ = out.write(bytes);
      }
      out.force(true);
    }
    Path _ = Files.move(temporary, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    sync();
  }

  /** Writes all of these files or none of them, also when this process ends in between. */
  void writeAll(Map<String, byte[]> files) throws CustodyException, IOException {
    write(AHEAD, WriteAhead.of(files));
    finishWriteAll();
  }

  /** Whether {@link #writeAll} is decided and not finished: the next {@link #open} does it. */
  boolean isDecided() {
    return Files.exists(path.resolve(AHEAD));
  }

  private void finishWriteAll() throws CustodyException, IOException {
    if (!Files.exists(path.resolve(AHEAD))) {
      return;
    }
    for (Map.Entry<String, byte[]> file : WriteAhead.files(read(AHEAD)).entrySet()) {
      write(file.getKey(), file.getValue());
    }
    delete(AHEAD);
  }

  void delete(String name) throws IOException {
    boolean _ = Files.deleteIfExists(path.resolve(name));
    sync();
  }

  // A new or removed name is durable only when its directory is.
  private void sync() throws IOException {
    try (FileChannel directory = FileChannel.open(path, READ)) {
      directory.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
