package io.signet.hsm;

import io.signet.hsm.CustodianEvent.Waited;
import io.signet.hsm.CustodianStatus.Load;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * How many calls may be on a device at once; some more wait their turn, in order and not for long,
 * and all others are turned away at once (KC-4). For the packages of custodians.
 */
public final class Permits {

  /** What a call does when its turn has come. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws CustodyException;
  }

  /** The right to one call, until it is closed, once. */
  public final class Turn implements AutoCloseable {
    private Turn() {}

    @Override
    public void close() {
      free.release();
      room.release();
    }
  }

  private final String where;
  private final int permits;
  private final int queue;
  private final Duration patience;
  private final CustodianListener listener;
  private final Semaphore room;
  private final Semaphore free;

  /**
   * @param where for messages
   * @param queue how many calls may wait
   * @param patience how long one of them waits
   * @param listener is told how long each has waited whose turn has come
   */
  public Permits(
      String where, int permits, int queue, Duration patience, CustodianListener listener) {
    this.where = where;
    this.permits = permits;
    this.queue = queue;
    this.patience = patience;
    this.listener = listener;
    this.room = new Semaphore(permits + queue);
    this.free = new Semaphore(permits, true);
  }

  /**
   * Does the work when its turn has come.
   *
   * @throws CustodyException {@link Fault#BUSY} when it does not come
   */
  public <T> T with(Work<T> work) throws CustodyException {
    try (Turn _ = turn()) {
      return work.run();
    }
  }

  /**
   * Returns when the caller's turn has come.
   *
   * @throws CustodyException {@link Fault#BUSY} when it does not come
   */
  public Turn turn() throws CustodyException {
    if (!room.tryAcquire()) {
      throw busy("%d calls are on it and too many wait".formatted(permits));
    }
    try {
      take();
      return new Turn();
    } catch (CustodyException e) {
      room.release();
      throw e;
    }
  }

  private void take() throws CustodyException {
    long begin = System.nanoTime();
    try {
      if (!free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        throw busy("%d calls are on it and none ended within %s".formatted(permits, patience));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw busy("the wait for one of %d calls on it was interrupted".formatted(permits));
    }
    listener.happened(new Waited(Duration.ofNanos(System.nanoTime() - begin)));
  }

  /** Who is on it and who waits; what comes or goes meanwhile may be counted as either. */
  public Load load() {
    int inside = permits + queue - room.availablePermits();
    int unused = free.availablePermits();
    return new Load(permits, unused, Math.max(0, inside - (permits - unused)), 0);
  }

  private CustodyException busy(String why) {
    return new CustodyException(Fault.BUSY, where + ": " + why);
  }
}
