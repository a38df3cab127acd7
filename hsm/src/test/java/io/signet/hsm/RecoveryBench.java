package io.signet.hsm;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Measures how long a mishap keeps a caller that signs again and again from signatures. */
final class RecoveryBench {

  // Long enough for the caller to have noticed, and for the custodian to be waiting.
  private static final Duration OUTAGE = Duration.ofSeconds(1);
  private static final Duration TOO_LONG = Duration.ofSeconds(60);

  private RecoveryBench() {}

  /**
   * Of an outage, the time from its end to the first good signature, and none if that was there
   * before the end was seen. Of what passes, the longest time between two good signatures until the
   * first that was begun after it had happened.
   */
  static List<Duration> measured(Mishap mishap, int runs) throws Exception {
    List<Duration> times = new ArrayList<>();
    for (int run = 0; run < runs; run++) {
      times.add(Duration.ofNanos(nanos(mishap)));
    }
    return times;
  }

  private static long nanos(Mishap mishap) throws Exception {
    try (Caller caller = new Caller(mishap.key().open())) {
      long _ = caller.longestGap(); // it signs
      caller.watch();
      mishap.happens().run();
      return mishap.ends().isEmpty()
          ? caller.longestGap()
          : sinceItsEnd(caller, mishap.ends().get());
    } finally {
      mishap.heals().run();
    }
  }

  private static long sinceItsEnd(Caller caller, Mishap.Step ends) throws Exception {
    Thread.sleep(OUTAGE);
    caller.mark();
    ends.run();
    long usable = System.nanoTime();
    return Math.max(0, caller.firstGood() - usable);
  }

  /** Signs on and on; after a failure it waits a millisecond. */
  private static final class Caller implements AutoCloseable {

    private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);
    private static final long PAUSE_NANOS = 1_000_000;

    private final KeyHandle key;
    private final Thread thread;
    private volatile boolean over;
    private long lastGood = System.nanoTime();
    private long longestGap;
    private long marked = Long.MAX_VALUE;
    private long firstGood;
    private @Nullable CustodyException lastFailure;

    Caller(KeyHandle key) {
      this.key = key;
      this.thread = Thread.ofPlatform().name("caller").start(this::signOn);
    }

    private void signOn() {
      while (!over) {
        long begin = System.nanoTime();
        try {
          byte[] _ = key.sign(MESSAGE);
          signed(begin, System.nanoTime());
        } catch (CustodyException e) {
          failed(e);
          LockSupport.parkNanos(PAUSE_NANOS);
        }
      }
    }

    private synchronized void signed(long begin, long end) {
      longestGap = Math.max(longestGap, end - lastGood);
      lastGood = end;
      if (firstGood == 0 && begin >= marked) {
        firstGood = end;
        notifyAll();
      }
    }

    private synchronized void failed(CustodyException e) {
      lastFailure = e;
    }

    /** Forgets all gaps before. */
    synchronized void watch() {
      longestGap = 0;
    }

    /** The longest time without a signature, from the watch to the first begun after this call. */
    synchronized long longestGap() throws InterruptedException, TimeoutException {
      mark();
      long _ = firstGood();
      return longestGap;
    }

    /** What is under way now does not count as the first. */
    synchronized void mark() {
      firstGood = 0;
      marked = System.nanoTime();
    }

    /** When the first signature was there that was begun since the mark. */
    synchronized long firstGood() throws InterruptedException, TimeoutException {
      long end = System.nanoTime() + TOO_LONG.toNanos();
      while (firstGood == 0) {
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          throw new TimeoutException("no signature within " + TOO_LONG + "; last: " + lastFailure);
        }
        wait(left);
      }
      return firstGood;
    }

    @Override
    public void close() throws InterruptedException {
      over = true;
      thread.join();
    }
  }
}
