package io.signet.ca.authorization;

import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One caller by its SPIFFE ID, or all of a form: {@code *} stands for one whole segment of the
 * path, never for a part of one and never for several.
 *
 * @param trustDomain of the callers; no pattern
 * @param segments of the path, at least one
 */
public record CallerPattern(TrustDomain trustDomain, List<String> segments) {

  private static final String ANY = "*";
  private static final Pattern ANY_SEGMENT = Pattern.compile("/\\*(?=/|$)");
  private static final int AUTHORITY = "spiffe://".length();

  public CallerPattern {
    segments = List.copyOf(segments);
  }

  /**
   * Reads a SPIFFE ID that may have {@code *} in the place of segments of its path.
   *
   * @throws IllegalArgumentException if it is anything else, or has no path
   */
  public static CallerPattern parse(String text) {
    int path = text.indexOf('/', AUTHORITY);
    if (path < 0) {
      throw new IllegalArgumentException(
          "caller %s (expected: a SPIFFE ID with a path)".formatted(text));
    }
    // With a name in the place of each *, it must be an ID like any other.
    String named = ANY_SEGMENT.matcher(text.substring(path)).replaceAll("/x");
    SpiffeId id = SpiffeId.parse(text.substring(0, path) + named);
    return new CallerPattern(id.trustDomain(), segments(text.substring(path)));
  }

  /** The pattern of exactly this ID, which has a path. */
  static CallerPattern of(SpiffeId id) {
    return new CallerPattern(id.trustDomain(), segments(id.path()));
  }

  private static List<String> segments(String path) {
    return List.of(path.substring(1).split("/", -1));
  }

  /**
   * Whether every ID of the other form is of this form too. No two forms together cover a third
   * that neither covers alone: where that has a {@code *}, it has IDs that they do not name.
   */
  public boolean covers(CallerPattern other) {
    return trustDomain.equals(other.trustDomain)
        && segments.size() == other.segments.size()
        && coversEach(other.segments);
  }

  // A loop, for every request asks every rule before its own.
  private boolean coversEach(List<String> others) {
    for (int i = 0; i < segments.size(); i++) {
      String segment = segments.get(i);
      if (!segment.equals(ANY) && !segment.equals(others.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return trustDomain.id() + "/" + String.join("/", segments);
  }
}
