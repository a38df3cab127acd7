package io.signet.attestation.kubernetes;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How much one API server is asked at most: so many calls at once, so many a second. Who finds no
 * room waits for a while, as long as not too many do already. Safe for use by many threads.
 */
final class CallLimit {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Semaphore places;
  private final int mostWaiting;
  private final OptionalInt perSecond;
  private final LongSupplier nanoTime;
  private long nextTurn;

  /**
   * @param atOnce calls under way
   * @param mostWaiting for a place
   * @param perSecond calls begun; as many may come in one burst. Empty: no limit
   */
  CallLimit(int atOnce, int mostWaiting, OptionalInt perSecond, LongSupplier nanoTime) {
    this.places = new Semaphore(atOnce);
    this.mostWaiting = mostWaiting;
    this.perSecond = perSecond;
    this.nanoTime = nanoTime;
    this.nextTurn = nanoTime.getAsLong() - SECOND;
  }

  /**
   * Returns when a call may begin, which {@link #leave} must follow; false if none may.
   *
   * @param patience how long to wait for that
   */
  boolean enter(Duration patience) throws InterruptedException {
    long wait = perSecond.isEmpty() ? 0 : turn(SECOND / perSecond.getAsInt(), patience.toNanos());
    if (wait < 0) {
      return false;
    }
    TimeUnit.NANOSECONDS.sleep(wait);
    return hasPlace(patience.toNanos() - wait);
  }

  /** How long to wait for the next turn, which is taken; negative if it is too late. */
  private synchronized long turn(long interval, long patience) {
    long now = nanoTime.getAsLong();
    // Turns that nobody took in the last second are left for a burst.
    long turn = Math.max(nextTurn - now, interval - SECOND);
    if (turn > patience) {
      return -1;
    }
    nextTurn = now + turn + interval;
    return Math.max(turn, 0);
  }

  private boolean hasPlace(long patience) throws InterruptedException {
    return places.tryAcquire()
        || (places.getQueueLength() < mostWaiting
            && places.tryAcquire(patience, TimeUnit.NANOSECONDS));
  }

  void leave() {
    places.release();
  }
}
