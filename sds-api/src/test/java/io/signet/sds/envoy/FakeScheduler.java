package io.signet.sds.envoy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Keeps what it is given until the test runs it. Starts no thread. */
final class FakeScheduler extends ScheduledThreadPoolExecutor {
  private final List<Task> tasks = new ArrayList<>();

  FakeScheduler() {
    super(1);
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    var task = new Task(command, Duration.of(delay, unit.toChronoUnit()));
    tasks.add(task);
    return task;
  }

  /** The only task that is neither run nor cancelled. */
  Task onlyTask() {
    List<Task> open = tasks.stream().filter(task -> !task.isDone()).toList();
    if (open.size() != 1) {
      throw new AssertionError(open.size() + " tasks (expected: 1)");
    }
    return open.getFirst();
  }

  boolean isIdle() {
    return tasks.stream().allMatch(FutureTask::isDone);
  }

  static final class Task extends FutureTask<Void> implements ScheduledFuture<Void> {
    private final Duration delay;

    Task(Runnable command, Duration delay) {
      super(command, null);
      this.delay = delay;
    }

    Duration delay() {
      return delay;
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(delay);
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }
}
