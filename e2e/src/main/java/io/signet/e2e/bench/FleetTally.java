package io.signet.e2e.bench;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** What came of the proxies of one fleet. Safe for use by many threads. */
final class FleetTally {

  private static final int ONE_IN = 100;

  /** A push of an SVID that is kept to be verified when nothing is measured any more. */
  record Sample(int proxy, byte[] message) {}

  private final int expected;
  private final CountDownLatch missing;
  private final AtomicLongArray readyNanos;
  private final AtomicInteger ready = new AtomicInteger();
  private final Tally svids = new Tally(System.nanoTime());
  private final Set<String> versions = ConcurrentHashMap.newKeySet();
  private final Queue<Sample> samples = new ConcurrentLinkedQueue<>();
  private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();
  private volatile PushCount pushes = new PushCount();

  /**
   * @param expected how many proxies there will be
   */
  FleetTally(int expected) {
    this.expected = expected;
    this.missing = new CountDownLatch(expected);
    this.readyNanos = new AtomicLongArray(expected);
  }

  /** Counts pushes anew from now on. */
  PushCount countAnew() {
    PushCount next = new PushCount();
    pushes = next;
    return next;
  }

  PushCount pushes() {
    return pushes;
  }

  static boolean isSampled(int proxy) {
    return proxy % ONE_IN == 0;
  }

  void sampled(Sample sample) {
    boolean _ = samples.add(sample);
  }

  /**
   * A proxy has its first SVID.
   *
   * @param nanos since it connected first
   */
  void gotSvid(String version, long nanos, int size) {
    boolean _ = versions.add(version);
    svids.succeeded(nanos, size);
  }

  /** A proxy has all that it asked for, at this moment. */
  void ready(long nanos) {
    readyNanos.set(ready.getAndIncrement(), nanos);
    missing.countDown();
  }

  /** An attempt of a proxy to get what it asks for came to nothing, or a ready one lost it. */
  void failed(String why) {
    failures.computeIfAbsent(why, _ -> new LongAdder()).increment();
  }

  /** Returns when all are ready, or after this long; whether they are. */
  boolean awaitReady(Duration patience) throws InterruptedException {
    return missing.await(patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  int readyCount() {
    return ready.get();
  }

  /** When this share of all that are expected was ready; empty if they are not. */
  OptionalLong readyNanos(double share) {
    int index = (int) Math.ceil(share * expected) - 1;
    return index < ready.get() ? OptionalLong.of(readyNanos.get(index)) : OptionalLong.empty();
  }

  /** How many different SVIDs the first ones were: as many as proxies, if each got its own. */
  int differentSvids() {
    return versions.size();
  }

  /** From connecting to the SVID, for each proxy. */
  Tally svids() {
    return svids;
  }

  Iterable<Sample> samples() {
    return samples;
  }

  Map<String, Long> failures() {
    Map<String, Long> counts = new TreeMap<>();
    failures.forEach((why, count) -> counts.put(why, count.sum()));
    return counts;
  }
}
