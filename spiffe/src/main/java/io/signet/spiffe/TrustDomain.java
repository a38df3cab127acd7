package io.signet.spiffe;

import java.util.Objects;

/**
 * The name of a trust domain, the part of a SPIFFE ID that says whose keys vouch for it.
 *
 * @param name 1 to 255 of {@code a-z 0-9 . - _} (SPIFFE-ID, section 2.1: SPIFFE-2, -5, -6, -14). A
 *     name that looks like an IPv4 address is a name like any other.
 */
public record TrustDomain(String name) {
  private static final int LONGEST = 255;

  /**
   * Takes the canonical form only; {@link #parse} is for names that people write.
   *
   * @throws IllegalArgumentException if the name is not a canonical trust domain name
   */
  public TrustDomain {
    Objects.requireNonNull(name, "name");
    if (name.isEmpty()) {
      throw refused(name, "empty", "at least one character");
    }
    if (name.length() > LONGEST) {
      throw refused(name, name.length() + " bytes", "at most " + LONGEST);
    }
    for (int i = 0; i < name.length(); i++) {
      if (!isAllowed(name.charAt(i))) {
        throw refused(name, "character " + Shown.character(name.charAt(i)), "a-z 0-9 . - _");
      }
    }
  }

  /**
   * Reads {@code example.org} or {@code spiffe://example.org}; upper case becomes lower case
   * (SPIFFE-5).
   *
   * @throws IllegalArgumentException if the text is neither, or names a path
   */
  public static TrustDomain parse(String text) {
    if (!SpiffeId.hasScheme(text)) {
      return ofAuthority(text);
    }
    SpiffeId id = SpiffeId.parse(text);
    if (id.hasPath()) {
      throw refused(text, "path " + Shown.text(id.path()), "no path");
    }
    return id.trustDomain();
  }

  /** Reads the authority component of a URI, and says what it holds besides a name (SPIFFE-3). */
  static TrustDomain ofAuthority(String authority) {
    if (authority.indexOf('@') >= 0) {
      throw refused(authority, "userinfo", "no '@'");
    }
    if (authority.startsWith("[")) {
      throw refused(authority, "IPv6 address", "a name");
    }
    if (authority.indexOf(':') >= 0) {
      throw refused(authority, "port", "no ':'");
    }
    if (authority.indexOf('%') >= 0) {
      throw refused(authority, "percent-encoding", "a-z 0-9 . - _");
    }
    return new TrustDomain(lowerCase(authority));
  }

  /** The SPIFFE ID of the trust domain itself, which has no path: {@code spiffe://example.org}. */
  public SpiffeId id() {
    return new SpiffeId(this, "");
  }

  /** The name. */
  @Override
  public String toString() {
    return name;
  }

  // ASCII only: String.toLowerCase would turn the Kelvin sign into a 'k' and so allow it.
  private static String lowerCase(String text) {
    var lower = new StringBuilder(text);
    for (int i = 0; i < lower.length(); i++) {
      char c = lower.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        lower.setCharAt(i, (char) (c + ('a' - 'A')));
      }
    }
    return lower.toString();
  }

  private static boolean isAllowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  }

  private static IllegalArgumentException refused(String name, String found, String expected) {
    return new IllegalArgumentException(
        "trust domain %s: %s (expected: %s)".formatted(Shown.text(name), found, expected));
  }
}
