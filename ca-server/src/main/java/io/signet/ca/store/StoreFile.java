package io.signet.ca.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The store's file, held open beside H2 to ask whether what H2 wrote is on the disk. Linux (from
 * 4.13) tells each who has a file open, once, that something which was taken for it did not come to
 * the disk; whoever opens it afterwards is told nothing, and reads what is only in memory. So the
 * one who has had it open from the beginning knows.
 */
final class StoreFile implements AutoCloseable {

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private final FileChannel channel;
  private final Path witness;

  private StoreFile(FileChannel channel, Path witness) {
    this.channel = channel;
    this.witness = witness;
  }

  /** Opens it before anything is written that is to be asked about. */
  static StoreFile hold(Path file) throws IOException {
    Path witness = createdAnew(file.resolveSibling("signet.witness"));
    return new StoreFile(FileChannel.open(file, StandardOpenOption.WRITE), witness);
  }

  // Only the owner may change a file's attributes, and the store's may be another: who runs us may
  // change, and a group may be given the files.
  private static Path createdAnew(Path witness) throws IOException {
    boolean _ = Files.deleteIfExists(witness);
    return Files.createFile(witness, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
  }

  /**
   * Returns when a success that was just reported for a flush was true. When ext4 gives up its
   * journal because of an error, a flush in that moment succeeds although the journal drops what it
   * was for: after the repair the store is as short as it was (seen with Linux 6.18, for one in ten
   * such errors). Any later change of a file's attributes meets the missing journal: the first one
   * is lost silently, but makes the file system read-only, and the second one says so. They change
   * nothing, and cost some microseconds where another flush would cost the disk's time and prove
   * nothing.
   *
   * @throws IOException when it may not have been
   */
  void confirmFlush() throws IOException {
    Path _ = Files.setPosixFilePermissions(witness, OWNER_ONLY);
    Path _ = Files.setPosixFilePermissions(witness, OWNER_ONLY);
  }

  /**
   * Returns when everything that was taken for the file since it is held is on the disk.
   *
   * @throws IOException when something is not, and never will be
   */
  void force() throws IOException {
    channel.force(true);
  }

  /** To be closed after H2: the system then takes away all locks of this process on the file. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
