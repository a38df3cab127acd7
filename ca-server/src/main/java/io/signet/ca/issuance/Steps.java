package io.signet.ca.issuance;

/**
 * Follows requests through their steps. Called by many threads, for each request by one; must not
 * block and not throw.
 */
@FunctionalInterface
public interface Steps {

  /** The request of this thread begins a step; the one before has ended. */
  void begin(Step step);

  /** Follows nothing. */
  static Steps unwatched() {
    return _ -> {};
  }
}
