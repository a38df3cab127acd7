package io.signet.ca.store;

import io.signet.ca.rotation.Laggard;
import io.signet.ca.rotation.Progress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Supplier;

/** Counts who is there and who lags behind, and keeps some of those. For one thread. */
final class Tally {

  // Who refused first, then who has been waited for longest.
  private static final Comparator<Laggard> FIRST =
      Comparator.comparing((Laggard laggard) -> laggard.problem().isEmpty())
          .thenComparing(Laggard::since)
          .thenComparing(Laggard::name);

  private final int most;
  private final PriorityQueue<Laggard> laggards = new PriorityQueue<>(FIRST.reversed());
  private long all;
  private long lagging;

  /**
   * @param most how many laggards are kept
   */
  Tally(int most) {
    this.most = most;
  }

  /**
   * One more.
   *
   * @param laggard who it is, if it is not there yet
   */
  void count(boolean isThere, Supplier<Laggard> laggard) {
    all++;
    if (!isThere) {
      lagging++;
      keep(laggard.get());
    }
  }

  private void keep(Laggard laggard) {
    laggards.add(laggard);
    if (laggards.size() > most) {
      Laggard _ = laggards.remove();
    }
  }

  Progress progress() {
    List<Laggard> first = new ArrayList<>(laggards);
    first.sort(FIRST);
    return new Progress(all, lagging, first);
  }
}
