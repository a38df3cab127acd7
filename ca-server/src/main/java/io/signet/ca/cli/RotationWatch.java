package io.signet.ca.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** Watches a rotation, as a server tells it again and again. For one thread. */
final class RotationWatch {

  // A server that is started anew, or moved, is back before.
  private static final int MOST_FAILURES = 60;

  /** Asks how the rotation stands. */
  @FunctionalInterface
  interface Source {
    JsonNode status() throws CommandException, InterruptedException;
  }

  /** Lets some time pass. */
  @FunctionalInterface
  interface Pause {
    void pass() throws InterruptedException;
  }

  private final Source source;
  private final Pause pause;
  private final RotationScreen screen;

  RotationWatch(Source source, Pause pause, RotationScreen screen) {
    this.source = source;
    this.pause = pause;
    this.screen = screen;
  }

  /**
   * Until nothing is going on any more.
   *
   * @param first how it stands at the beginning
   * @return whether it ended with the newest CA, and not with that of before
   * @throws CommandException when the server gave no answer for long
   */
  boolean untilSteady(RotationReport first) throws CommandException, InterruptedException {
    RotationReport now = first;
    screen.show(now);
    while (!now.isSteady()) {
      now = next();
    }
    return now.active() >= first.newest();
  }

  /** For ever. */
  void on(RotationReport first) throws CommandException, InterruptedException {
    screen.show(first);
    while (!Thread.currentThread().isInterrupted()) {
      var _ = next();
    }
  }

  private RotationReport next() throws CommandException, InterruptedException {
    for (int failures = 1; ; failures++) {
      pause.pass();
      try {
        RotationReport now = new RotationReport(source.status());
        screen.show(now);
        return now;
      } catch (CommandException e) {
        if (failures == MOST_FAILURES) {
          throw e;
        }
        screen.unknown(String.valueOf(e.getMessage()));
      }
    }
  }
}
