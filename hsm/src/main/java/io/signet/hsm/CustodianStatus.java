package io.signet.hsm;

import java.time.Instant;
import java.util.Optional;

/**
 * How a custodian stands at this moment (KC-8), as far as it does not tell a {@link
 * CustodianListener}; nothing secret.
 *
 * @param load absent where a call never waits for another
 * @param leaseEnds when its access to the keys ends, unless it is renewed as it should be; {@link
 *     Instant#MAX} when it never does; absent where access is not lent
 */
public record CustodianStatus(Optional<Load> load, Optional<Instant> leaseEnds) {

  /** Of keys in this process. */
  public static final CustodianStatus IN_PROCESS =
      new CustodianStatus(Optional.empty(), Optional.empty());

  /**
   * The calls of a device (KC-4).
   *
   * @param permits how many may be on it at once
   * @param free how many of these nobody has
   * @param waiting how many calls wait for one
   * @param givenUp how many have one though nobody waits for their answer any more: they hang
   */
  public record Load(int permits, int free, int waiting, int givenUp) {}
}
