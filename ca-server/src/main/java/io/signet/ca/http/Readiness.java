package io.signet.ca.http;

import java.util.List;

/** Whether this server can do its work now. May block; never called on an event loop. */
@FunctionalInterface
public interface Readiness {

  /** Everything that is not as it should be; empty when all is. */
  List<Problem> problems();

  /**
   * One thing that is not as it should be.
   *
   * @param what its name in the configuration, such as {@code store}
   * @param why for whoever looks at the probe; nothing secret
   * @param blocking whether this server had better get no traffic for it. What all servers share
   *     does not: taking all of them away mends nothing, and harms the callers who do not need it.
   */
  record Problem(String what, String why, boolean blocking) {}
}
