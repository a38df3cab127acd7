package io.signet.ca.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.util.concurrent.atomic.AtomicReference;
import org.h2.store.fs.FileBase;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/** The real disk as H2 sees it, on which things happen when told to (ISS-10). */
public final class FaultyDisk extends FilePathWrapper {

  static final String NAME = "faulty";

  /** What happens instead of nothing. */
  interface Fate {
    void befall() throws IOException;
  }

  // H2 makes its own instances of this class, so what they share is static.
  private static final AtomicReference<Fate> ON_WRITE = new AtomicReference<>();
  private static final AtomicReference<Fate> ON_FORCE = new AtomicReference<>();
  private static final AtomicReference<Fate> AFTER_FORCE = new AtomicReference<>();

  /** Makes a disk that is sound; H2 finds it under {@link #NAME}. */
  static void mount() {
    FilePath.register(new FaultyDisk());
    onWrite(() -> {});
    onForce(() -> {});
    afterForce(() -> {});
  }

  static void onWrite(Fate fate) {
    ON_WRITE.set(fate);
  }

  static void onForce(Fate fate) {
    ON_FORCE.set(fate);
  }

  static void afterForce(Fate fate) {
    AFTER_FORCE.set(fate);
  }

  /** For H2. */
  public FaultyDisk() {}

  @Override
  public String getScheme() {
    return NAME;
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    return new Channel(super.open(mode));
  }

  private static final class Channel extends FileBase {
    private final FileChannel real;

    private Channel(FileChannel real) {
      this.real = real;
    }

    @Override
    public void force(boolean metaData) throws IOException {
      ON_FORCE.get().befall();
      real.force(metaData);
      AFTER_FORCE.get().befall();
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      ON_WRITE.get().befall();
      return real.write(source);
    }

    @Override
    public synchronized int write(ByteBuffer source, long position) throws IOException {
      ON_WRITE.get().befall();
      return real.write(source, position);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      return real.read(target);
    }

    @Override
    public synchronized int read(ByteBuffer target, long position) throws IOException {
      return real.read(target, position);
    }

    @Override
    public long position() throws IOException {
      return real.position();
    }

    @Override
    public FileChannel position(long newPosition) throws IOException {
      return real.position(newPosition);
    }

    @Override
    public long size() throws IOException {
      return real.size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      return real.truncate(size);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return real.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      real.close();
    }
  }
}
