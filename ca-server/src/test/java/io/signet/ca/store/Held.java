package io.signet.ca.store;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/** A flush of the disk that waits until it is let go. */
final class Held implements FaultyDisk.Fate {
  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);

  /** Waits until a flush has begun. */
  void awaitArrival() throws InterruptedException {
    arrived.await();
  }

  void letGo() {
    goOn.countDown();
  }

  @Override
  public void befall() throws IOException {
    arrived.countDown();
    try {
      goOn.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}
