package io.signet.ca.delivery;

import io.signet.ca.testing.TestClock;
import io.signet.sds.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Runs tasks when the test says so, in the test's thread and in the order of their times. */
public final class FakeTimer implements Timer {

  private record Task(long number, Instant due, Runnable work) {}

  private final TestClock clock;
  private final List<Task> tasks = new ArrayList<>();
  private long made;

  public FakeTimer(TestClock clock) {
    this.clock = clock;
  }

  @Override
  public synchronized Scheduled after(Duration delay, Runnable work) {
    Instant now = clock.instant();
    Task task = new Task(made++, delay.isPositive() ? now.plus(delay) : now, work);
    tasks.add(task);
    return () -> cancel(task.number());
  }

  private synchronized void cancel(long number) {
    boolean _ = tasks.removeIf(task -> task.number() == number); // too late is no error
  }

  /** Runs what is due by now, and what becomes due by running it. */
  public void runDue() {
    for (Optional<Task> task = nextDue(); task.isPresent(); task = nextDue()) {
      task.get().work().run();
    }
  }

  private synchronized Optional<Task> nextDue() {
    Optional<Task> next =
        tasks.stream()
            .filter(task -> !task.due().isAfter(clock.instant()))
            .min(Comparator.comparing(Task::due));
    next.ifPresent(task -> cancel(task.number()));
    return next;
  }

  /** Moves the clock and runs what became due. */
  public void advance(Duration by) {
    clock.advance(by);
    runDue();
  }

  /** Sets the clock by so much; how long the tasks wait stays the same, as with a real timer. */
  public synchronized void setClock(Duration by) {
    clock.advance(by);
    tasks.replaceAll(task -> new Task(task.number(), task.due().plus(by), task.work()));
  }

  /** In how long the next task is due; empty without any. */
  public synchronized Optional<Duration> next() {
    return tasks.stream()
        .map(Task::due)
        .min(Comparator.naturalOrder())
        .map(due -> Duration.between(clock.instant(), due));
  }
}
