package io.signet.ca.config;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * How much is asked of the server before it refuses; what is empty is not limited.
 *
 * @param perIdentity certificate requests of one identity in one pod
 * @param perAddress calls from one address
 * @param concurrent certificate requests that are worked on at once
 */
public record LimitsConfig(
    Optional<Rate> perIdentity, Optional<Rate> perAddress, OptionalInt concurrent) {

  /**
   * How often something may happen.
   *
   * @param perSecond on average, at least 1
   * @param burst at once after a time of rest, at least 1
   */
  public record Rate(int perSecond, int burst) {}
}
