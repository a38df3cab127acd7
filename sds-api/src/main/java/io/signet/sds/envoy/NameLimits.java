package io.signet.sds.envoy;

import io.signet.sds.Request;
import java.util.Optional;

/**
 * How many names of which length a peer may give. They are kept as long as its stream is open; a
 * proxy has one for each identity and bundle, and none of these is longer than a SPIFFE ID.
 */
final class NameLimits {
  /** On one stream, and in one request. */
  static final int MOST = 1_000;

  private static final int LONGEST = 2_048;

  // A delta request may add as many, take as many away, and know as many.
  private static final int MOST_MENTIONED = 3 * MOST;

  private NameLimits() {}

  /** Why this request is refused, if it is. */
  static Optional<String> problem(Request request) {
    long mentioned = request.mentioned().count();
    int most = request instanceof Request.Delta ? MOST_MENTIONED : MOST;
    if (mentioned > most) {
      return Optional.of(tooMany(mentioned, most));
    }
    return request
        .mentioned()
        .filter(name -> name.length() > LONGEST)
        .findFirst()
        .map(name ->
            "resource name of %d characters (expected: at most %d)"
                .formatted(name.length(), LONGEST));
  }

  /** Why a stream is refused that would have so many. */
  static String tooMany(int names) {
    return tooMany(names, MOST);
  }

  private static String tooMany(long names, int most) {
    return "resource_names: %d (expected: at most %d)".formatted(names, most);
  }
}
