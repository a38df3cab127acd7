package io.signet.ca.issuance;

/**
 * How often something may happen.
 *
 * @param perSecond on average
 * @param burst at once, after a time of rest
 */
public record RateLimit(int perSecond, int burst) {

  /**
   * @throws IllegalArgumentException if either is less than 1
   */
  public RateLimit {
    if (perSecond < 1 || burst < 1) {
      throw new IllegalArgumentException(
          "rate limit: %d/s burst %d (expected: each at least 1)".formatted(perSecond, burst));
    }
  }

  @Override
  public String toString() {
    return "%d/s burst %d".formatted(perSecond, burst);
  }
}
