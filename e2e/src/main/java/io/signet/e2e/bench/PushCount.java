package io.signet.e2e.bench;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What was pushed since this began. Safe for use by many threads. */
final class PushCount {

  private final LongAdder svids = new LongAdder();
  private final LongAdder bundles = new LongAdder();
  private final LongAdder unchanged = new LongAdder();
  private final LongAdder acks = new LongAdder();
  private final Map<Long, LongAdder> svidsInSecond = new ConcurrentHashMap<>();
  private final AtomicLong firstPush = new AtomicLong(Long.MAX_VALUE);
  private final AtomicLong lastAck = new AtomicLong(Long.MIN_VALUE);

  /**
   * @param news whether it says anything that the proxy has not heard before
   */
  void pushed(ProxyStream stream, boolean news, long nanos) {
    of(stream).increment();
    firstPush.accumulateAndGet(nanos, Math::min);
    if (!news) {
      unchanged.increment();
    }
    if (stream == ProxyStream.SVID) {
      svidsInSecond
          .computeIfAbsent(TimeUnit.NANOSECONDS.toSeconds(nanos), _ -> new LongAdder())
          .increment();
    }
  }

  void acknowledged(int count, long nanos) {
    lastAck.accumulateAndGet(nanos, Math::max);
    acks.add(count);
  }

  long pushes(ProxyStream stream) {
    return of(stream).sum();
  }

  private LongAdder of(ProxyStream stream) {
    return stream == ProxyStream.SVID ? svids : bundles;
  }

  /** Those of content that the proxy had (SDS-4). */
  long unchanged() {
    return unchanged.sum();
  }

  long acks() {
    return acks.sum();
  }

  /** The most SVIDs in one second of the clock. */
  long svidsInBusiestSecond() {
    return svidsInSecond.values().stream().mapToLong(LongAdder::sum).max().orElse(0);
  }

  /** When the first push came; only after one. */
  long firstPushNanos() {
    return firstPush.get();
  }

  /** When the last acceptance was handed to the kernel; only after one. */
  long lastAckNanos() {
    return lastAck.get();
  }
}
