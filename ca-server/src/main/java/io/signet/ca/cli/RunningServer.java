package io.signet.ca.cli;

import io.signet.ca.config.ListenConfig;

/**
 * A server that serves. The command that started it owns it: it registers the shutdown hook that
 * calls {@link #close} on SIGTERM and SIGINT, so that the server needs none of its own.
 */
public interface RunningServer extends AutoCloseable {
  /** Where it really listens: a port that was asked for as 0 has its number here. */
  ListenConfig listening();

  /** Waits until the server has ended, by {@link #close} or by itself. */
  void awaitTermination() throws InterruptedException;

  /** Stops in order and waits for it; a second call does nothing. Callable from any thread. */
  @Override
  void close();
}
