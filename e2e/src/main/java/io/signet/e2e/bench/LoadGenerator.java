package io.signet.e2e.bench;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;

/** Makes calls for a while and keeps the tally. */
final class LoadGenerator {

  /** One call, to its end; whatever comes of it goes to the tally. */
  @FunctionalInterface
  interface Call {

    /**
     * Makes it; returns when it has ended, however.
     *
     * @param number of the call, for the caller to spread work by
     * @param startNanos when it was to begin, by {@link System#nanoTime()}
     */
    void make(long number, long startNanos, Tally tally);

    /**
     * Begins it and returns at once. It may cost less than a thread of its own that waits.
     *
     * @param ended run once, when it has ended
     */
    default void begin(long number, long startNanos, Tally tally, Runnable ended) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              make(number, startNanos, tally);
            } finally {
              ended.run();
            }
          });
    }
  }

  private static final int MOST_OPEN = 5_000;

  private LoadGenerator() {}

  /** Calls as planned for this long; returns when the last call has ended. */
  static Tally run(LoadPlan plan, Duration howLong, Call call) {
    return plan.rate().isPresent()
        ? open(plan.rate().get(), due -> due < howLong.toNanos(), call)
        : closed(plan.callers(), howLong, call);
  }

  /** Calls at this rate until told to stop; returns when the last call has ended. */
  static Tally runUntil(BooleanSupplier over, Rate rate, Call call) {
    return open(rate, _ -> !over.getAsBoolean(), call);
  }

  private static Tally closed(int callers, Duration howLong, Call call) {
    Tally tally = new Tally(System.nanoTime());
    long end = tally.startNanos() + howLong.toNanos();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int caller = 0; caller < callers; caller++) {
        long first = caller;
        threads.execute(() -> again(first, callers, end, call, tally));
      }
    }
    return tally.ended(System.nanoTime());
  }

  private static void again(long first, int step, long end, Call call, Tally tally) {
    long now = System.nanoTime();
    for (long number = first; now - end < 0; number += step) {
      call.make(number, now, tally);
      now = System.nanoTime();
    }
  }

  // The time of a call counts from when it was due: a server that stalls delays those behind it.
  // One that stalls for long must not fill our memory with them.
  private static Tally open(Rate rate, LongPredicate goesOn, Call call) {
    Tally tally = new Tally(System.nanoTime());
    Semaphore free = new Semaphore(MOST_OPEN);
    for (long n = 0; goesOn.test(rate.dueNanos(n)); n++) {
      long due = tally.startNanos() + rate.dueNanos(n);
      sleepUntil(due);
      if (free.tryAcquire()) {
        call.begin(n, due, tally, free::release);
      } else {
        tally.failed("not made: " + MOST_OPEN + " others wait");
      }
    }
    free.acquireUninterruptibly(MOST_OPEN);
    return tally.ended(System.nanoTime());
  }

  private static void sleepUntil(long due) {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
