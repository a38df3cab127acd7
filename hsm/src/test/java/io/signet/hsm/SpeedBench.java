package io.signet.hsm;

import io.signet.hsm.Figures.Reference;
import io.signet.hsm.KeyHandle.Signer;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Measures signatures a second of a custodian and of its references in turn, so that a machine that
 * is busy with something else slows down both.
 */
final class SpeedBench {

  /** By whom is {@code signet} or the name of the reference; latencies only of ours. */
  record Sample(String by, int callers, double perSecond, double p50Millis, double p99Millis) {}

  private static final List<Integer> CALLERS = List.of(1, 4, 32);
  // As CustodianBench signs.
  private static final int MESSAGE_BYTES = 500;

  private final Figures figures;
  private final CustodianBench ours;
  private final Duration duration;

  SpeedBench(Figures figures, Duration duration) {
    this.figures = figures;
    this.ours = new CustodianBench(figures.custodian(), KeyAlgorithm.EC_P256, Clock.systemUTC());
    this.duration = duration;
  }

  void warmUp(Duration time) throws Exception {
    List<CustodianBench.Row> _ = ours.measured(List.of(4), time);
    for (Reference reference : figures.references()) {
      double _ = perSecond(reference, 4, time);
    }
  }

  /** All numbers of callers once. */
  void round(Consumer<Sample> samples) throws Exception {
    for (int callers : CALLERS) {
      CustodianBench.Row row = ours.measured(List.of(callers), duration).getFirst();
      if (!row.faults().isEmpty()) {
        throw new IllegalStateException(figures.name() + " failed: " + row.faults());
      }
      samples.accept(
          new Sample("signet", callers, row.perSecond(), row.millis(50), row.millis(99)));
      for (Reference reference : figures.references()) {
        double rate = perSecond(reference, callers, duration);
        samples.accept(new Sample(reference.name(), callers, rate, Double.NaN, Double.NaN));
      }
    }
  }

  private static double perSecond(Reference reference, int callers, Duration duration)
      throws Exception {
    List<Signer> signers = IntStream.range(0, callers).mapToObj(reference.callers()).toList();
    long begin = System.nanoTime();
    long end = begin + duration.toNanos();
    try (ExecutorService threads = Executors.newFixedThreadPool(callers)) {
      List<Callable<Long>> work =
          signers.stream().<Callable<Long>>map(signer -> () -> until(end, signer)).toList();
      long count = 0;
      for (Future<Long> each : threads.invokeAll(work)) {
        count += each.get();
      }
      return count / ((System.nanoTime() - begin) / 1e9);
    }
  }

  private static long until(long end, Signer signer) throws CustodyException {
    byte[] message = new byte[MESSAGE_BYTES];
    new SecureRandom().nextBytes(message);
    long count = 0;
    while (System.nanoTime() < end) {
      message[0]++;
      byte[] _ = signer.sign(message);
      count++;
    }
    return count;
  }
}
