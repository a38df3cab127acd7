package io.signet.ca.app;

import io.signet.ca.http.Readiness;
import java.util.List;

/** Not ready while it starts, by what it is told then, and not ready again once it stops. */
final class PhasedReadiness implements Readiness, AutoCloseable {

  private volatile Readiness now = because("start", "it is starting");

  private static Readiness because(String what, String why) {
    return () -> List.of(new Problem(what, why, true));
  }

  /** It cannot start yet. */
  void waits(String what, String why) {
    now = because(what, why);
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
