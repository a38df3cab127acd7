package io.signet.ca.cli;

import io.signet.ca.config.SignetConfig;
import java.nio.file.Path;
import java.util.Optional;

/** The power to start a server; the wiring has it. */
@FunctionalInterface
public interface ServerStarter {
  /**
   * Starts everything the configuration asks for, and returns when every listener serves. What was
   * started before a failure is stopped again.
   *
   * @param file where the configuration is from, if its entitlements are to follow it while it
   *     changes
   * @throws StartException if that cannot be; nothing runs then
   */
  RunningServer start(SignetConfig config, Optional<Path> file) throws StartException;
}
