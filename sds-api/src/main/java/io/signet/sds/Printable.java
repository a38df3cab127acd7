package io.signet.sds;

/** Text of a subscriber as it may stand in a log: short, and on one line. */
final class Printable {
  private static final int LONGEST = 256;

  private Printable() {}

  /** At most 256 characters; those outside printable ASCII become question marks. */
  static String text(String value) {
    var printable = new StringBuilder();
    value.chars().limit(LONGEST).forEach(c -> printable.append(isPrintable(c) ? (char) c : '?'));
    return printable.toString();
  }

  private static boolean isPrintable(int c) {
    return c >= ' ' && c <= '~';
  }
}
