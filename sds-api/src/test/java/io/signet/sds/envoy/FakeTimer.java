package io.signet.sds.envoy;

import io.signet.sds.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;

/** A clock that the test moves, and a timer that goes by it, on the thread of the test. */
final class FakeTimer extends Clock implements Timer {

  private record Task(Instant due, Runnable work) {}

  private final PriorityQueue<Task> tasks = new PriorityQueue<>(Comparator.comparing(Task::due));
  private Instant now;

  FakeTimer(Instant start) {
    now = start;
  }

  @Override
  public synchronized Scheduled after(Duration delay, Runnable work) {
    var task = new Task(now.plus(delay), work);
    tasks.add(task);
    return () -> cancel(task);
  }

  private synchronized void cancel(Task task) {
    boolean _ = tasks.remove(task); // too late is no error
  }

  /** Moves the clock and runs what is due on the way, each at its time. */
  void advance(Duration by) {
    Instant end = instant().plus(by);
    for (Optional<Task> next = next(end); next.isPresent(); next = next(end)) {
      next.get().work().run();
    }
    set(end);
  }

  private synchronized Optional<Task> next(Instant end) {
    if (tasks.isEmpty() || tasks.peek().due().isAfter(end)) {
      return Optional.empty();
    }
    Task next = tasks.remove();
    now = next.due();
    return Optional.of(next);
  }

  /** Moves the clock alone, as when the machine was suspended. */
  synchronized void set(Instant instant) {
    now = instant;
  }

  synchronized boolean isIdle() {
    return tasks.isEmpty();
  }

  @Override
  public synchronized Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("tests ask for instants only");
  }
}
