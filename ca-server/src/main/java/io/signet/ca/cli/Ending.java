package io.signet.ca.cli;

import java.util.concurrent.CountDownLatch;

/**
 * What a signal does to a command that must clear up behind itself: SIGINT and SIGTERM interrupt
 * its thread, and the process ends when that has closed this. Whatever hangs is to have a time
 * limit of its own.
 */
final class Ending implements AutoCloseable {
  private final Thread command = Thread.currentThread();
  private final CountDownLatch cleared = new CountDownLatch(1);
  private final Thread hook = Thread.ofPlatform().name("signet-signal").unstarted(this::await);

  private Ending() {}

  /** Of the command that this thread does, from now on. */
  static Ending bySignal() {
    Ending ending = new Ending();
    Runtime.getRuntime().addShutdownHook(ending.hook);
    return ending;
  }

  private void await() {
    command.interrupt();
    try {
      cleared.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    cleared.countDown();
    try {
      boolean _ = Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // It runs, and has what it waits for.
    }
  }
}
