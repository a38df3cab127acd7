package io.signet.ca.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The store's file, held open beside H2 to ask for one thing. Linux (from 4.13) tells each who has
 * a file open, once, that something which was taken for it did not come to the disk; whoever opens
 * it afterwards is told nothing, and reads what is only in memory. So the one who has had it open
 * from the beginning knows.
 */
final class StoreFile implements AutoCloseable {

  private final FileChannel channel;

  private StoreFile(FileChannel channel) {
    this.channel = channel;
  }

  /** Opens it before anything is written that is to be asked about. */
  static StoreFile hold(Path file) throws IOException {
    return new StoreFile(FileChannel.open(file, StandardOpenOption.WRITE));
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
