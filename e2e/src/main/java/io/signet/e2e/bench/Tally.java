package io.signet.e2e.bench;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** What came of the calls of one phase. Safe for use by many threads. */
final class Tally {

  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(10);
  private static final int DIGITS = 3;

  private final long startNanos;
  private final Histogram latencies = new ConcurrentHistogram(LONGEST_NANOS, DIGITS);
  private final Histogram refusals = new ConcurrentHistogram(LONGEST_NANOS, DIGITS);
  private final LongAdder bytes = new LongAdder();
  private final ConcurrentHashMap<String, LongAdder> failures = new ConcurrentHashMap<>();
  private final AtomicLong endNanos = new AtomicLong();

  Tally(long startNanos) {
    this.startNanos = startNanos;
  }

  long startNanos() {
    return startNanos;
  }

  /** A certificate came, after this long and in so many bytes. */
  void succeeded(long nanos, int size) {
    latencies.recordValue(Math.clamp(nanos, 0, LONGEST_NANOS));
    bytes.add(size);
  }

  /** None came; why is counted by its words. */
  void failed(String why) {
    failuresOf(why).increment();
  }

  private LongAdder failuresOf(String why) {
    return failures.computeIfAbsent(why, _ -> new LongAdder());
  }

  /** As {@link #failed(String)}, after this long. */
  void failed(String why, long nanos) {
    refusals.recordValue(Math.clamp(nanos, 0, LONGEST_NANOS));
    failed(why);
  }

  Tally ended(long nanos) {
    endNanos.set(nanos);
    return this;
  }

  long succeeded() {
    return latencies.getTotalCount();
  }

  double perSecond() {
    return perSecond(succeeded());
  }

  /** Whatever came of them. */
  double callsPerSecond() {
    return perSecond(succeeded() + failures().values().stream().mapToLong(n -> n).sum());
  }

  private double perSecond(long count) {
    return count * 1e9 / Math.max(1, endNanos.get() - startNanos);
  }

  double meanBytes() {
    return succeeded() == 0 ? 0 : (double) bytes.sum() / succeeded();
  }

  Map<String, Long> failures() {
    Map<String, Long> counts = new TreeMap<>();
    failures.forEach((why, count) -> counts.put(why, count.sum()));
    return counts;
  }

  /** What came of both. */
  Tally and(Tally other) {
    Tally sum = new Tally(Math.min(startNanos, other.startNanos));
    for (Tally each : List.of(this, other)) {
      sum.latencies.add(each.latencies);
      sum.refusals.add(each.refusals);
      sum.bytes.add(each.bytes.sum());
      each.failures().forEach((why, count) -> sum.failuresOf(why).add(count));
    }
    return sum.ended(Math.max(endNanos.get(), other.endNanos.get()));
  }

  /** Of all that succeeded, this part in a hundred took at most so many milliseconds. */
  double millisAt(double percentile) {
    return latencies.getValueAtPercentile(percentile) / 1e6;
  }

  /** Of all that were refused, this part in a hundred took at most so many milliseconds. */
  double refusedMillisAt(double percentile) {
    return refusals.getValueAtPercentile(percentile) / 1e6;
  }

  double maxMillis() {
    return latencies.getMaxValue() / 1e6;
  }
}
