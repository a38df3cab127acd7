package io.signet.ca.config;

import java.time.Duration;

/**
 * How long certificate authorities live.
 *
 * @param rootLifetime of the root
 * @param issuingLifetime of an issuing authority; less than the root's
 */
public record AuthorityConfig(Duration rootLifetime, Duration issuingLifetime) {
  /**
   * @throws IllegalArgumentException if an issuing authority would outlive its root
   */
  public AuthorityConfig {
    InvalidValueException.require(
        issuingLifetime.compareTo(rootLifetime) < 0,
        Key.AUTHORITY_ISSUING_LIFETIME.path(),
        Durations.format(issuingLifetime),
        "less than authority.root-lifetime, which is " + Durations.format(rootLifetime));
  }
}
