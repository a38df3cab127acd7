package io.signet.attestation.kubernetes;

import org.jspecify.annotations.Nullable;

/** A thread for what runs until it is interrupted; that is done in the end. */
final class Background implements AutoCloseable {

  private @Nullable Thread thread;

  void run(Runnable task) {
    thread = Thread.ofVirtual().start(task);
  }

  @Override
  public void close() throws InterruptedException {
    if (thread != null) {
      thread.interrupt();
      thread.join();
    }
  }
}
