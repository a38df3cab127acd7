package io.signet.ca.config;

import java.time.Duration;
import java.util.Optional;

/**
 * How roots of our own follow each other.
 *
 * @param approval whether each phase begins only after a person has approved it
 * @param startBefore how long before the root's end the next rotation begins by itself; empty: only
 *     when somebody asks
 * @param deadline after how long a phase that waits for others is an alarm
 * @param window over which the SVIDs of open streams are replaced
 * @param compromisedDeadline after how long nobody is waited for when the old root's key is in
 *     wrong hands; its SVIDs are replaced within half of that
 * @param destroy whether the key of a root that is over is destroyed
 */
public record RotationConfig(
    boolean approval,
    Optional<Duration> startBefore,
    Duration deadline,
    Duration window,
    Duration compromisedDeadline,
    boolean destroy) {

  static final int PART_OF_ROOT = 3;

  /**
   * @throws IllegalArgumentException if rotations would follow each other without a pause
   */
  void requireWithin(AuthorityConfig authority) {
    startBefore.ifPresent(before ->
        InvalidValueException.require(
            before.compareTo(authority.rootLifetime()) < 0,
            Key.ROTATION_START_BEFORE.path(),
            Durations.format(before),
            "less than authority.root-lifetime, which is "
                + Durations.format(authority.rootLifetime())));
  }
}
