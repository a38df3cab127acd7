package io.signet.ca.issuance;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Bounds what is done at once. A request is in hand from when it was read until its work has ended.
 * Once its caller is proven it needs a turn, for what follows is work for our processors and disk;
 * who finds no turn free waits for one, first come first served. A caller that is still to be
 * judged takes no turn, so that an API server that hangs does not keep the callers of others out.
 * Safe for use by many threads.
 */
final class Gate {

  // Enough for bursts, and for callers whom an API server takes its time to judge.
  private static final int HANDS_FOR_A_TURN = 16;
  private static final int HANDS_FOR_A_TURN_WHEN_BUSY = 2;

  private final int turns;
  private final long mostInHand;
  private final long mostWhenBusy;
  private final Duration patience;
  private final Semaphore free;
  private final AtomicInteger inHand = new AtomicInteger();
  private final AtomicInteger proven = new AtomicInteger();

  /**
   * @param turns how many may have their turn at once
   * @param patience how long one waits for its turn at most
   */
  Gate(int turns, Duration patience) {
    this.turns = turns;
    this.mostInHand = (long) HANDS_FOR_A_TURN * turns;
    this.mostWhenBusy = (long) HANDS_FOR_A_TURN_WHEN_BUSY * turns;
    this.patience = patience;
    this.free = new Semaphore(turns, true);
  }

  /**
   * Whether another request had better be refused before anything is done for it. When all turns
   * are taken it says so as soon as there are as many requests beside those in turn: to let more in
   * would not serve more, only all of them later.
   */
  boolean isCrowded() {
    return isTooMany(inHand.get() + 1);
  }

  /**
   * Takes a request in hand unless it is {@link #isCrowded crowded} by now; if so, it is to be
   * {@link #leave left} again.
   */
  boolean enter() {
    if (isTooMany(inHand.incrementAndGet())) {
      leave();
      return false;
    }
    return true;
  }

  private boolean isTooMany(int requests) {
    return requests > mostInHand || (requests > mostWhenBusy && proven.get() >= turns);
  }

  void leave() {
    inHand.decrementAndGet();
  }

  /** Waits for a turn; if there was one in time, it is to be {@link #endTurn ended} again. */
  boolean awaitTurn() {
    proven.incrementAndGet();
    if (isTurnInTime()) {
      return true;
    }
    proven.decrementAndGet();
    return false;
  }

  private boolean isTurnInTime() {
    try {
      return free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  void endTurn() {
    free.release();
    proven.decrementAndGet();
  }

  int inHand() {
    return inHand.get();
  }

  int waiting() {
    return Math.max(0, proven.get() - inTurn());
  }

  int inTurn() {
    return turns - free.availablePermits();
  }
}
