package io.signet.ca.rotation;

import java.util.List;
import java.util.stream.Stream;

/**
 * How far those have come who a phase waits for.
 *
 * @param all how many there are
 * @param lagging how many of them are not there yet
 * @param laggards some of those, by name; those that refused come first
 */
public record Progress(long all, long lagging, List<Laggard> laggards) {

  /** Nobody to wait for. */
  public static final Progress NONE = new Progress(0, 0, List.of());

  public Progress {
    laggards = List.copyOf(laggards);
  }

  /** Both together. */
  public Progress and(Progress other) {
    return new Progress(
        all + other.all,
        lagging + other.lagging,
        Stream.concat(laggards.stream(), other.laggards.stream()).toList());
  }

  /** Whether nobody lags behind. */
  public boolean isDone() {
    return lagging == 0;
  }
}
