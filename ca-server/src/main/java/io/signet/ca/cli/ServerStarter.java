package io.signet.ca.cli;

import io.signet.ca.config.SignetConfig;

/** The power to start a server; the wiring has it. */
@FunctionalInterface
public interface ServerStarter {
  /**
   * Starts everything the configuration asks for, and returns when every listener serves. What was
   * started before a failure is stopped again.
   *
   * @throws StartException if that cannot be; nothing runs then
   */
  RunningServer start(SignetConfig config) throws StartException;
}
