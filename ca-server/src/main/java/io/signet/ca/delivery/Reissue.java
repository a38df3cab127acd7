package io.signet.ca.delivery;

import io.signet.sds.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Has the feeds replace what they have of another generation, one after the other and evenly over a
 * window of time; slower where the machine would be busy for more than half of the time, so that
 * whoever is new is served at once. Safe for use by many threads.
 */
final class Reissue implements AutoCloseable {

  // What takes longer is left to its own renewal, and does not keep the others waiting.
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(1);
  private static final int SHARE = 2; // one half

  private final IntFunction<List<SvidFeed>> outdated;
  private final Tempo tempo;
  private final int lanes;
  private final Timer timer;
  private final Clock clock;
  private final Queue<SvidFeed> waiting = new ArrayDeque<>();
  private final List<Begun> begun = new ArrayList<>();
  private int generation;
  private Instant end = Instant.EPOCH;
  private Timer.@Nullable Scheduled next;
  private boolean running;
  private boolean closed;

  private record Begun(SvidFeed feed, Instant at) {}

  /**
   * @param outdated the feeds that have an SVID of another generation than this and were not told
   *     yet
   * @param tempo how long one takes
   * @param lanes how many the machine makes at once
   */
  Reissue(IntFunction<List<SvidFeed>> outdated, Tempo tempo, int lanes, Timer timer, Clock clock) {
    this.outdated = outdated;
    this.tempo = tempo;
    this.lanes = lanes;
    this.timer = timer;
    this.clock = clock;
  }

  /**
   * From now on all SVIDs are to be of this generation. Said again it goes on as it began, and
   * looks for those that came later with an older one.
   *
   * @param window from now; said again it may end sooner, and never later
   */
  synchronized void to(int wanted, Duration window) {
    if (closed) {
      return;
    }
    Instant last = clock.instant().plus(window);
    if (wanted != generation) {
      generation = wanted;
      end = last;
      waiting.clear();
    } else if (last.isBefore(end)) {
      end = last; // now there is a hurry
    }
    if (!running) {
      running = true;
      after(Duration.ZERO);
    }
  }

  private void after(Duration pause) {
    next = timer.after(pause, this::step);
  }

  private synchronized void step() {
    if (closed) {
      return;
    }
    if (waiting.isEmpty()) {
      waiting.addAll(outdated.apply(generation));
    }
    begun.removeIf(this::isOver);
    if (begun.size() < lanes) {
      begin();
    }
    running = !waiting.isEmpty() || !begun.isEmpty();
    if (running) {
      after(pause());
    }
  }

  private boolean isOver(Begun one) {
    return one.feed().isReissued() || !clock.instant().isBefore(one.at().plus(PATIENCE));
  }

  // Who has left since, or has got another one already, is passed over.
  private void begin() {
    for (var feed = waiting.poll(); feed != null; feed = waiting.poll()) {
      if (feed.isOutdated(generation)) {
        feed.reissue(generation);
        begun.add(new Begun(feed, clock.instant()));
        return;
      }
    }
  }

  private Duration pause() {
    Duration left = Duration.between(clock.instant(), end);
    Duration even = left.isPositive() ? left.dividedBy(waiting.size() + 1L) : Duration.ZERO;
    Duration least = longer(tempo.usual().multipliedBy(SHARE).dividedBy(lanes), SHORTEST_PAUSE);
    return waiting.isEmpty() ? least : longer(even, least);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? other : one;
  }

  /** No further one begins. */
  @Override
  public synchronized void close() {
    closed = true;
    if (next != null) {
      next.cancel();
    }
  }
}
