package io.signet.ca.issuance;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Bounds what is done at once. A request is in hand from when it was read until it is answered.
 * Once its caller is proven it needs a turn, for what follows is work for our processors and disk;
 * who finds no turn free waits for one, first come first served. A caller that is still to be
 * judged takes no turn, so that an API server that hangs does not keep the callers of others out.
 * Safe for use by many threads.
 */
final class Gate {

  // Those in turn, as many that wait, and the rest for callers that others have to judge.
  private static final int HANDS_FOR_A_TURN = 16;

  private final int turns;
  private final long mostInHand;
  private final Duration patience;
  private final Semaphore free;
  private final AtomicInteger inHand = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();

  /**
   * @param turns how many may have their turn at once
   * @param patience how long one waits for its turn at most
   */
  Gate(int turns, Duration patience) {
    this.turns = turns;
    this.mostInHand = (long) HANDS_FOR_A_TURN * turns;
    this.patience = patience;
    this.free = new Semaphore(turns, true);
  }

  /**
   * Whether another request had better be refused before anything is done for it. Says so as soon
   * as as many wait as have their turn: to let more in would not serve more, only all of them
   * later.
   */
  boolean isCrowded() {
    return waiting.get() >= turns || inHand.get() >= mostInHand;
  }

  /** Takes a request in hand; if so, it is to be {@link #leave left} again. */
  boolean enter() {
    if (inHand.incrementAndGet() <= mostInHand) {
      return true;
    }
    leave();
    return false;
  }

  void leave() {
    inHand.decrementAndGet();
  }

  /** Waits for a turn; if there was one in time, it is to be {@link #endTurn ended} again. */
  boolean awaitTurn() {
    waiting.incrementAndGet();
    try {
      return free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      waiting.decrementAndGet();
    }
  }

  void endTurn() {
    free.release();
  }

  int inHand() {
    return inHand.get();
  }

  int waiting() {
    return waiting.get();
  }

  int inTurn() {
    return turns - free.availablePermits();
  }
}
