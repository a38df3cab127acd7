package io.signet.e2e.bench;

import io.signet.e2e.bench.RotationDatabase.Writes;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What {@code bench rotation} found.
 *
 * @param ready after which time all subscribers had both secrets
 * @param before the steady state, under the same load
 * @param phases of the rotation, in their order
 * @param memory of each replica
 * @param verified how many certificates and SVIDs were looked at afterwards, all of them good
 * @param failures of subscribers by reason, from first to last
 */
record RotationFigures(
    RotationPlan plan,
    Duration ready,
    Phase before,
    List<Phase> phases,
    List<Memory> memory,
    int verified,
    Map<String, Long> failures) {

  RotationFigures {
    phases = List.copyOf(phases);
    memory = List.copyOf(memory);
  }

  /** All phases together. */
  Phase rotation() {
    return phases.stream().reduce(Phase::and).orElseThrow().named("rotation");
  }

  /** Whether every subscriber kept its streams and every certificate that was asked for came. */
  boolean isFlawless() {
    return failures.isEmpty()
        && before.issuance().failures().isEmpty()
        && rotation().issuance().failures().isEmpty();
  }

  /**
   * One phase, or a time besides.
   *
   * @param cpu that it took, of whom
   * @param pushes to subscribers
   * @param issuance that went on meanwhile
   */
  record Phase(String name, Duration time, Cpu cpu, Pushes pushes, Writes writes, Tally issuance) {

    private Phase and(Phase next) {
      return new Phase(
          name,
          time.plus(next.time),
          cpu.and(next.cpu),
          pushes.and(next.pushes),
          writes.and(next.writes),
          issuance.and(next.issuance));
    }

    Phase named(String other) {
      return new Phase(other, time, cpu, pushes, writes, issuance);
    }
  }

  /**
   * In ticks of a hundredth of a second.
   *
   * @param generator this program, which plays subscribers and clients
   */
  record Cpu(long east, long west, long database, long generator) {

    Cpu since(Cpu before) {
      return new Cpu(
          east - before.east,
          west - before.west,
          database - before.database,
          generator - before.generator);
    }

    private Cpu and(Cpu other) {
      return new Cpu(
          east + other.east,
          west + other.west,
          database + other.database,
          generator + other.generator);
    }
  }

  /** How many, and how many of them were accepted. */
  record Pushes(long svids, long bundles, long unchanged, long acks) {

    Pushes and(Pushes other) {
      return new Pushes(
          svids + other.svids,
          bundles + other.bundles,
          unchanged + other.unchanged,
          acks + other.acks);
    }
  }

  /**
   * Of one server.
   *
   * @param peakResident the most that was ever resident at once
   * @param peakHeap the most of the heap that was seen in use, garbage too
   * @param liveHeap what lived at the end, after a collection
   */
  record Memory(long peakResident, long peakHeap, long liveHeap) {}
}
