package io.signet.ca.app;

import io.signet.ca.http.Readiness;
import java.util.List;

/** Not ready while it starts, by what it is told then, and not ready again once it stops. */
final class PhasedReadiness implements Readiness, AutoCloseable {

  private static final Readiness STARTING = because("start", "it is starting");

  private volatile Readiness now = STARTING;

  private static Readiness because(String what, String why) {
    return () -> List.of(new Problem(what, why, true));
  }

  /** It cannot start yet. */
  void waits(String what, String why) {
    now = because(what, why);
  }

  /** What it waited for is there. */
  void goesOn() {
    now = STARTING;
  }

  /** From now on this tells. */
  void serves(Readiness readiness) {
    now = readiness;
  }

  @Override
  public List<Problem> problems() {
    return now.problems();
  }

  @Override
  public void close() {
    now = because("stop", "it is stopping");
  }
}
