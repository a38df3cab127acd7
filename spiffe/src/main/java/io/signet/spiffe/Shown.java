package io.signet.spiffe;

/**
 * Values from outside as they may stand in an error message: quoted, short, and without characters
 * that could forge a line of a log.
 */
final class Shown {
  private static final int LONGEST = 80;

  private Shown() {}

  static String text(String value) {
    var shown = new StringBuilder("\"");
    value.chars().limit(LONGEST).forEach(c -> shown.append(printable((char) c)));
    shown.append('"');
    if (value.length() > LONGEST) {
      shown.append("... (").append(value.length()).append(" characters)");
    }
    return shown.toString();
  }

  static String character(char c) {
    return "'" + printable(c) + "'";
  }

  private static String printable(char c) {
    return c >= ' ' && c <= '~' ? String.valueOf(c) : "\\u%04x".formatted((int) c);
  }
}
