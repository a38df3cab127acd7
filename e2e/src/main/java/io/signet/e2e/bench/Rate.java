package io.signet.e2e.bench;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * So many in a second.
 *
 * @param perSecond at least 1, at most a million
 */
record Rate(int perSecond) {

  private static final int MOST = 1_000_000;
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final Pattern FORM = Pattern.compile("([0-9]{1,7})(?:/s)?");

  Rate {
    if (perSecond < 1 || perSecond > MOST) {
      throw new IllegalArgumentException(
          "rate %d/s (expected: 1/s to %d/s)".formatted(perSecond, MOST));
    }
  }

  /** Reads {@code 500/s} or {@code 500}. */
  static Rate parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException("rate \"" + text + "\" (expected: such as 500/s)");
    }
    return new Rate(Integer.parseInt(form.group(1)));
  }

  /** When number n, counted from 0, is due after the start; computed anew, so nothing drifts. */
  long dueNanos(long n) {
    return n / perSecond * SECOND_NANOS + n % perSecond * SECOND_NANOS / perSecond;
  }

  @Override
  public String toString() {
    return perSecond + "/s";
  }
}
