package io.signet.attestation;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Set;

/** An address whose answers may be believed: nobody on the way can have given them. */
public final class TrustedUrl {

  /** What {@link #parse} takes, for messages. */
  public static final String FORM = "https://..., or http:// to this machine";

  private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

  private TrustedUrl() {}

  /**
   * Reads such an address.
   *
   * @throws IllegalArgumentException if it is anything but {@link #FORM}, or has a user or a
   *     fragment
   */
  public static URI parse(String text) {
    URI url = uri(text);
    boolean believable =
        "https".equalsIgnoreCase(url.getScheme())
            || ("http".equalsIgnoreCase(url.getScheme()) && THIS_MACHINE.contains(url.getHost()));
    if (!believable
        || url.getHost() == null
        || url.getUserInfo() != null
        || url.getFragment() != null) {
      throw refused(text);
    }
    return url;
  }

  /** Whether {@link #parse} takes it. */
  public static boolean isTrusted(String text) {
    try {
      var _ = parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static URI uri(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      throw refused(text);
    }
  }

  private static IllegalArgumentException refused(String text) {
    return new IllegalArgumentException("url: %s (expected: %s)".formatted(text, FORM));
  }
}
