package io.signet.ca.rotation;

/** Tells all replicas that something they share has changed. Safe for use by many threads. */
public interface Changes {

  /** Something has changed; never fails, for whoever misses it looks by itself soon. */
  void announce();

  /**
   * Calls this after each change of any replica, and after a time in which some may have been
   * missed; must not block. Until the result is closed.
   */
  Listening listen(Runnable onChange);

  /** Ends when it is closed. */
  interface Listening extends AutoCloseable {
    @Override
    void close();
  }
}
