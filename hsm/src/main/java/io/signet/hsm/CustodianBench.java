package io.signet.hsm;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Measures how many signatures a custodian makes, and how long each takes, with a key that is made
 * for it.
 */
public final class CustodianBench {

  /**
   * What so many callers got.
   *
   * @param nanos how long each signature took, sorted
   * @param faults how many calls failed, by their class
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Row(int callers, double perSecond, long[] nanos, Map<Fault, Long> faults) {
    public Row {
      faults = Map.copyOf(faults);
    }

    /** The latency that so many percent of the signatures did not exceed; NaN without any. */
    public double millis(double percent) {
      return nanos.length == 0
          ? Double.NaN
          : nanos[(int) Math.min(nanos.length - 1, nanos.length * percent / 100)] / 1e6;
    }
  }

  // About what is signed of a leaf.
  private static final int MESSAGE_BYTES = 500;

  private final KeyCustodian custodian;
  private final KeyAlgorithm algorithm;
  private final Clock clock;

  /**
   * @param clock names the key
   */
  public CustodianBench(KeyCustodian custodian, KeyAlgorithm algorithm, Clock clock) {
    this.custodian = custodian;
    this.algorithm = algorithm;
    this.clock = clock;
  }

  /**
   * One row for each number of callers. An interruption ends it early, and the key is destroyed all
   * the same.
   *
   * @param duration of each
   * @throws CustodyException when the key cannot be made or destroyed
   */
  public List<Row> measured(List<Integer> callers, Duration duration)
      throws CustodyException, InterruptedException {
    KeyLabel label = new KeyLabel("bench-" + clock.millis());
    KeyHandle key = uninterrupted(() -> custodian.generate(label, algorithm));
    try {
      List<Row> rows = new ArrayList<>();
      for (int each : callers) {
        rows.add(row(key, each, duration));
      }
      return rows;
    } finally {
      boolean _ = uninterrupted(() -> destroyed(key));
    }
  }

  private boolean destroyed(KeyHandle key) throws CustodyException {
    custodian.destroy(key);
    return true;
  }

  // In a thread that nobody knows, and waited for in any case: half of it would leave a key.
  private static <T> T uninterrupted(Permits.Work<T> work) throws CustodyException {
    CompletableFuture<T> done = new CompletableFuture<>();
    Thread _ =
        Thread.ofPlatform()
            .start(() -> {
              try {
                done.complete(work.run());
              } catch (CustodyException | RuntimeException | Error e) {
                done.completeExceptionally(e);
              }
            });
    try {
      return done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof CustodyException failure) {
        throw failure;
      }
      throw e;
    }
  }

  private static Row row(KeyHandle key, int callers, Duration duration)
      throws InterruptedException {
    long begin = System.nanoTime();
    long end = begin + duration.toNanos();
    try (ExecutorService threads = Executors.newFixedThreadPool(callers)) {
      List<Callable<Tally>> work = Collections.nCopies(callers, () -> new Tally().until(key, end));
      List<Tally> all = new ArrayList<>();
      for (Future<Tally> each : threads.invokeAll(work)) { // interrupts them when it is
        all.add(each.get());
      }
      return row(callers, all, System.nanoTime() - begin);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private static Row row(int callers, List<Tally> tallies, long nanos) {
    long[] latencies =
        tallies.stream()
            .flatMapToLong(tally -> tally.nanos.stream().mapToLong(Long::longValue))
            .sorted()
            .toArray();
    Map<Fault, Long> faults = new EnumMap<>(Fault.class);
    tallies.forEach(
        tally -> tally.faults.forEach((fault, count) -> faults.merge(fault, count, Long::sum)));
    return new Row(callers, latencies.length / (nanos / 1e9), latencies, faults);
  }

  /** What one caller got. */
  private static final class Tally {
    private final List<Long> nanos = new ArrayList<>();
    private final Map<Fault, Long> faults = new EnumMap<>(Fault.class);

    Tally until(KeyHandle key, long end) {
      byte[] message = new byte[MESSAGE_BYTES];
      new SecureRandom().nextBytes(message);
      while (System.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
        message[0]++;
        sign(key, message);
      }
      return this;
    }

    private void sign(KeyHandle key, byte[] message) {
      long begin = System.nanoTime();
      try {
        byte[] _ = key.sign(message);
        nanos.add(System.nanoTime() - begin);
      } catch (CustodyException e) {
        faults.merge(e.fault(), 1L, Long::sum);
      }
    }
  }
}
