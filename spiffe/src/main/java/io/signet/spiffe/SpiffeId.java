package io.signet.spiffe;

import java.util.Objects;

/**
 * The name of a workload: {@code spiffe://trust-domain/path} (SPIFFE-ID, section 2).
 *
 * <p>Two IDs are equal when trust domain and path are; paths are case-sensitive (SPIFFE-11).
 *
 * @param trustDomain whose keys vouch for the workload
 * @param path empty, or segments of {@code a-z A-Z 0-9 . - _}, each after a {@code /} (SPIFFE-7 to
 *     -10)
 */
public record SpiffeId(TrustDomain trustDomain, String path) {
  private static final String SCHEME = "spiffe://";

  // SPIFFE-12 asks to support 2048 bytes and SPIFFE-13 to make no more: one limit for both. Every
  // character of a valid ID is one byte.
  private static final int LONGEST = 2048;

  /**
   * @throws IllegalArgumentException if the path is malformed or the whole ID exceeds 2048 bytes
   */
  public SpiffeId {
    Objects.requireNonNull(trustDomain, "trustDomain");
    Objects.requireNonNull(path, "path");
    requireLength(SCHEME.length() + trustDomain.name().length() + path.length());
    requirePath(path);
  }

  /**
   * Reads a URI. Scheme and trust domain may be in upper case and become lower case.
   *
   * @throws IllegalArgumentException if it is not a SPIFFE ID; the message says which rule it
   *     breaks
   */
  public static SpiffeId parse(String uri) {
    requireLength(uri.length());
    if (!hasScheme(uri)) {
      throw refused("SPIFFE ID", uri, "scheme", "spiffe://...");
    }
    requireAbsent(uri, '?', "query");
    requireAbsent(uri, '#', "fragment");
    int slash = uri.indexOf('/', SCHEME.length());
    int end = slash < 0 ? uri.length() : slash;
    return new SpiffeId(
        TrustDomain.ofAuthority(uri.substring(SCHEME.length(), end)), uri.substring(end));
  }

  /**
   * Puts an ID together from path segments; none gives the trust domain's own ID.
   *
   * @throws IllegalArgumentException if a segment is malformed; a {@code /} in it is no separator
   */
  public static SpiffeId of(TrustDomain trustDomain, String... segments) {
    var path = new StringBuilder();
    for (String segment : segments) {
      requireSegment(segment, segment);
      path.append('/').append(segment);
    }
    return new SpiffeId(trustDomain, path.toString());
  }

  /** Whether this ID belongs to the trust domain. */
  public boolean memberOf(TrustDomain other) {
    return trustDomain.equals(other);
  }

  /** Whether this names a workload; an ID without a path names the trust domain. */
  public boolean hasPath() {
    return !path.isEmpty();
  }

  /** The URI in canonical form. */
  @Override
  public String toString() {
    return SCHEME + trustDomain.name() + path;
  }

  static boolean hasScheme(String uri) {
    return uri.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
  }

  private static void requireLength(int bytes) {
    if (bytes > LONGEST) {
      throw new IllegalArgumentException(
          "SPIFFE ID: %d bytes (expected: at most %d)".formatted(bytes, LONGEST));
    }
  }

  private static void requireAbsent(String uri, char delimiter, String part) {
    if (uri.indexOf(delimiter) >= 0) {
      throw refused("SPIFFE ID", uri, part, "no '" + delimiter + "'");
    }
  }

  private static void requirePath(String path) {
    if (path.isEmpty()) {
      return;
    }
    if (path.charAt(0) != '/') {
      throw refused("path", path, "no leading '/'", "/segment...");
    }
    if (path.endsWith("/")) {
      throw refused("path", path, "trailing '/'", "/segment...");
    }
    for (String segment : path.substring(1).split("/", -1)) {
      requireSegment(segment, path);
    }
  }

  private static void requireSegment(String segment, String path) {
    if (segment.isEmpty()) {
      throw refused("path", path, "empty segment", "at least one character");
    }
    if (segment.equals(".") || segment.equals("..")) {
      throw refused("path", path, "segment \"" + segment + '"', "no relative segment");
    }
    for (int i = 0; i < segment.length(); i++) {
      requireAllowed(segment.charAt(i), path);
    }
  }

  private static void requireAllowed(char c, String path) {
    if (c == '%') {
      throw refused("path", path, "percent-encoding", "a-z A-Z 0-9 . - _");
    }
    if (!isAllowed(c)) {
      throw refused("path", path, "character " + Shown.character(c), "a-z A-Z 0-9 . - _");
    }
  }

  private static boolean isAllowed(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '-'
        || c == '_';
  }

  private static IllegalArgumentException refused(
      String what, String value, String found, String expected) {
    return new IllegalArgumentException(
        "%s %s: %s (expected: %s)".formatted(what, Shown.text(value), found, expected));
  }
}
