package io.signet.ca.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Durations as people write them: {@code 365d}, {@code 1h30m}, {@code 10s}. */
public final class Durations {
  /** How a duration is written, for messages. */
  public static final String FORM = "a duration such as 365d, 1h30m or 10s";

  // Seven digits of days are 27000 years: enough, and no sum overflows.
  private static final Pattern PARTS =
      Pattern.compile("(?:([0-9]{1,7})d)?(?:([0-9]{1,7})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9})s)?");

  private Durations() {}

  /**
   * Reads days, hours, minutes and seconds in this order, each a whole number and its letter.
   *
   * @throws IllegalArgumentException if the text is anything else
   */
  public static Duration parse(String text) {
    Matcher parts = PARTS.matcher(text);
    if (text.isEmpty() || !parts.matches()) {
      throw new IllegalArgumentException("duration %s (expected: %s)".formatted(text, FORM));
    }
    return Duration.ofDays(number(parts.group(1)))
        .plusHours(number(parts.group(2)))
        .plusMinutes(number(parts.group(3)))
        .plusSeconds(number(parts.group(4)));
  }

  /** As {@link #parse} reads it, in the largest units; parts of a second are dropped. */
  public static String format(Duration duration) {
    var text = new StringBuilder();
    append(text, duration.toDaysPart(), 'd');
    append(text, duration.toHoursPart(), 'h');
    append(text, duration.toMinutesPart(), 'm');
    append(text, duration.toSecondsPart(), 's');
    return text.isEmpty() ? "0s" : text.toString();
  }

  private static long number(@Nullable String digits) {
    return digits == null ? 0 : Long.parseLong(digits);
  }

  private static void append(StringBuilder text, long number, char unit) {
    if (number != 0) {
      text.append(number).append(unit);
    }
  }
}
