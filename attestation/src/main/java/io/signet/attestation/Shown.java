package io.signet.attestation;

/** Text from outside as it may stand in our log: short, and unable to forge a line of it. */
final class Shown {

  // Room for a sentence of the API server about each of a few clusters.
  private static final int LONGEST = 1000;

  private Shown() {}

  static String text(String value) {
    var shown = new StringBuilder();
    value.chars().limit(LONGEST).forEach(c -> shown.append(printable((char) c)));
    if (value.length() > LONGEST) {
      shown.append("...");
    }
    return shown.toString();
  }

  private static String printable(char c) {
    return c >= ' ' && c <= '~' ? String.valueOf(c) : "\\u%04x".formatted((int) c);
  }
}
