package io.signet.ca.http;

import java.util.List;

/** Whether this server can do its work now. May block; never called on an event loop. */
@FunctionalInterface
public interface Readiness {

  /** Everything that is not ready; empty when all is. */
  List<Problem> problems();

  /**
   * One thing that is not ready.
   *
   * @param what its name in the configuration, such as {@code store}
   * @param why for whoever looks at the probe; nothing secret
   */
  record Problem(String what, String why) {}
}
