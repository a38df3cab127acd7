package io.signet.ca.config;

import java.time.Duration;

/**
 * How long the certificates of workloads live.
 *
 * @param defaultLifetime for a caller who does not say
 * @param maxLifetime the most that anyone gets
 */
public record SvidConfig(Duration defaultLifetime, Duration maxLifetime) {
  /**
   * @throws IllegalArgumentException if the default is more than the most
   */
  public SvidConfig {
    InvalidValueException.require(
        defaultLifetime.compareTo(maxLifetime) <= 0,
        Key.SVID_DEFAULT_LIFETIME.path(),
        Durations.format(defaultLifetime),
        "at most svid.max-lifetime, which is " + Durations.format(maxLifetime));
  }

  // PROF-6: an SVID never outlives its issuer, also when the issuer is renewed at half its life.
  void requireWithin(AuthorityConfig authority) {
    Duration half = authority.issuingLifetime().dividedBy(2);
    InvalidValueException.require(
        maxLifetime.compareTo(half) <= 0,
        Key.SVID_MAX_LIFETIME.path(),
        Durations.format(maxLifetime),
        "at most half of authority.issuing-lifetime, which is " + Durations.format(half));
  }
}
