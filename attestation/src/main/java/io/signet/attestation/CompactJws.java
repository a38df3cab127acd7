package io.signet.attestation;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a token must look like before anybody spends work on it: three base64url parts (RFC 7515,
 * section 7.1), not too long. Parsers are more tolerant than that: Nimbus skips foreign characters,
 * and so would accept one signature in many spellings.
 */
public final class CompactJws {

  // A service account token has 1 to 2 KiB.
  private static final int LONGEST = 16 * 1024;
  private static final Pattern PARTS =
      Pattern.compile("[A-Za-z0-9_-]++\\.[A-Za-z0-9_-]++\\.[A-Za-z0-9_-]++");

  private CompactJws() {}

  /** What is wrong with the token's shape, without anything of it; empty when nothing is. */
  public static Optional<String> problem(String token) {
    if (token.length() > LONGEST) {
      return Optional.of("%d characters (expected: at most %d)".formatted(token.length(), LONGEST));
    }
    return PARTS.matcher(token).matches()
        ? Optional.empty()
        : Optional.of("not a signed JWT (expected: three base64url parts)");
  }
}
