package io.signet.ca.app;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.delivery.RenewalException;
import io.signet.sds.Timer;
import io.signet.spiffe.SpiffeId;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a server is started with.
 *
 * @param file where the configuration is from, if its entitlements are to follow it
 * @param life gets all that is started, to be closed in reverse order
 */
record Setting(SignetConfig config, Optional<Path> file, Clock clock, Timer timer, Lifecycle life) {

  /** The server's own identity. */
  SpiffeId self() {
    return SpiffeId.of(config.trustDomain(), "signet", "server");
  }

  /** Begins this work, which is closed with all else. */
  @CanIgnoreReturnValue
  Renewal renewed(Renewal.Work work, Consumer<RenewalException> onFailure) {
    return life.started(Renewal.started(work, timer, clock, onFailure));
  }
}
