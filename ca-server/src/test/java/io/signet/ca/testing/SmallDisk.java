package io.signet.ca.testing;

import io.signet.hsm.FetchedPeers;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file system of its own in a file (ext4, as on most servers), which can be filled to the last
 * byte and can fail. Only root may mount one, and not everywhere: where that is not possible, the
 * test is skipped, and on CI it fails.
 */
public final class SmallDisk implements AutoCloseable {

  private static final long BYTES = 24 << 20;

  private final Path image;
  private final Path path;
  private final Path filler;
  private final Thread unmountAtExit = new Thread(this::abandon, "unmount");

  private SmallDisk(Path folder) {
    this.image = folder.resolve("disk.img");
    this.path = folder.resolve("disk");
    this.filler = path.resolve("filler");
  }

  /** Makes one; its files go into this folder, and so does the folder where it is mounted. */
  public static SmallDisk in(Path folder) throws IOException {
    var disk = new SmallDisk(folder);
    Files.createDirectory(disk.path);
    try (var file = new RandomAccessFile(disk.image.toFile(), "rw")) {
      file.setLength(BYTES);
    }
    disk.mountNew();
    Runtime.getRuntime().addShutdownHook(disk.unmountAtExit);
    return disk;
  }

  private void mountNew() throws IOException {
    try {
      run("mkfs.ext4", "-q", "-m", "0", image.toString()); // nothing is kept back for root
      mount("rw");
    } catch (IOException e) {
      var _ = FetchedPeers.without("no small disk: " + e.getMessage());
    }
  }

  private void mount(String how) throws IOException {
    run("mount", "-o", "loop,errors=remount-ro," + how, image.toString(), path.toString());
  }

  /** The folder that is this disk. */
  public Path path() {
    return path;
  }

  /** Leaves no room for a single byte more. */
  public void fill() throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 16);
    try (FileChannel file =
        FileChannel.open(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (zeros.limit() > 0) {
        try {
          int _ = file.write(zeros.rewind());
        } catch (IOException full) {
          int _ = zeros.limit(zeros.limit() / 2).limit();
        }
      }
    }
  }

  public void makeRoom() throws IOException {
    Files.delete(filler);
  }

  /** From now on it can only be read, as after any error of the disk itself. */
  public void fail() throws IOException {
    Path device = Path.of(run("findmnt", "-no", "SOURCE", path.toString()).strip());
    Path trigger = Path.of("/sys/fs/ext4", device.getFileName().toString(), "trigger_fs_error");
    if (!Files.isWritable(trigger)) {
      var _ = FetchedPeers.without("no disk that fails: cannot write " + trigger);
    }
    Files.writeString(trigger, "a test");
  }

  /** Mounts it anew, to be read only; no file of it may be open. */
  public void mountReadOnly() throws IOException {
    run("umount", path.toString());
    mount("ro");
  }

  /** Mounts it anew, after a repair; no file of it may be open. */
  public void repair() throws IOException {
    run("umount", path.toString());
    mount("rw");
  }

  /** Takes it away, also while files of it are open. */
  @Override
  public void close() throws IOException {
    boolean _ = Runtime.getRuntime().removeShutdownHook(unmountAtExit);
    run("umount", "--lazy", path.toString());
  }

  private void abandon() {
    try {
      run("umount", "--lazy", path.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + ": " + output.strip());
      }
      return output;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
