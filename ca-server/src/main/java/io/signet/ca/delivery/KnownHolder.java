package io.signet.ca.delivery;

import io.signet.ca.rotation.HolderReport;
import io.signet.sds.Had;
import io.signet.sds.Standing;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a holder by all looks at its streams.
 *
 * @param report what is to be reported of it
 * @param seen when it had a stream last
 * @param written what was reported of it last
 */
record KnownHolder(
    HolderReport report,
    Fact<Long> bundle,
    Fact<Integer> generation,
    Instant seen,
    @Nullable HolderReport written) {

  // A proxy that lost its connection opens its streams again one after the other, here or at
  // another replica, at once or after long. Until the one for the bundle is there, what it had of
  // it still counts; and so does what a holder had that left.
  private static final Duration BACK_SOON = Duration.ofMinutes(1);

  /** All open streams of a holder, and what all of them have. */
  record Open(int streams, Had has) {

    /** It has none. */
    static final Open NONE = new Open(0, Had.NOTHING);

    static Open of(Stream<Standing> all) {
      return all.map(Open::of).reduce(NONE, Open::and);
    }

    private static Open of(Standing standing) {
      return new Open(1, new Had(standing.bundle(), standing.generation(), standing.refusal()));
    }

    private Open and(Open other) {
      return new Open(streams + other.streams, has.and(other.has));
    }
  }

  /**
   * A fact about a holder, and when it was last true of a stream.
   *
   * @param value absent if there never was such a stream, or not lately
   * @param isOpen whether an open stream had it at the last look, and so has it until it is heard
   *     of
   */
  record Fact<T>(Optional<T> value, Instant at, boolean isOpen) {

    private static <T> Fact<T> none(Instant now) {
      return new Fact<>(Optional.empty(), now, false);
    }

    private Fact<T> next(Optional<T> open, Optional<T> gone, boolean isHere, Instant now) {
      if (open.isPresent() || gone.isPresent()) {
        return new Fact<>(open.or(() -> gone), now, open.isPresent());
      }
      boolean isOver = isHere && !now.isBefore(at.plus(BACK_SOON));
      return new Fact<>(isOver ? Optional.empty() : value, at, false);
    }

    private Fact<T> unheardOfUntil(Instant then) {
      return isOpen ? new Fact<>(value, then, true) : this;
    }

    /** It counts for a while from now on. */
    private Fact<T> anew(Instant now) {
      return new Fact<>(value, now, isOpen);
    }

    private Fact<T> or(Optional<T> kept, Instant now) {
      return value.isPresent() ? this : new Fact<>(kept, now, false);
    }

    private boolean isSettled() {
      return isOpen || value.isEmpty();
    }
  }

  /**
   * Nothing is known of it.
   *
   * @param key what it is called in reports
   */
  static KnownHolder unseen(String key, Instant now) {
    HolderReport none =
        new HolderReport(key, 0, Optional.empty(), Optional.empty(), Optional.empty(), now);
    return new KnownHolder(none, Fact.none(now), Fact.none(now), now, null);
  }

  /** Nothing was heard of it until then, so what its streams had they had all the time. */
  KnownHolder unheardOfUntil(Instant then) {
    return new KnownHolder(
        report,
        bundle.unheardOfUntil(then),
        generation.unheardOfUntil(then),
        report.streams() > 0 ? then : seen,
        written);
  }

  /**
   * One more look.
   *
   * @param gone what those of its streams had that have ended since the last one
   */
  KnownHolder next(Open open, Had gone, Instant now) {
    boolean isHere = open.streams() > 0;
    KnownHolder before = isHere && report.streams() == 0 ? back(now) : this;
    Fact<Long> had = before.bundle.next(open.has().bundle(), gone.bundle(), isHere, now);
    Fact<Integer> under =
        before.generation.next(open.has().generation(), gone.generation(), isHere, now);
    Optional<String> refusal =
        isHere ? open.has().refusal() : gone.refusal().or(before.report::refusal);
    return new KnownHolder(
        changed(open.streams(), had.value(), under.value(), refusal, now),
        had,
        under,
        isHere ? now : seen,
        written);
  }

  private KnownHolder back(Instant now) {
    return new KnownHolder(report, bundle.anew(now), generation.anew(now), seen, written);
  }

  /**
   * It was unknown to this process, but not to the store.
   *
   * @param kept what was reported of it, by any replica
   */
  KnownHolder recalling(List<HolderReport> kept, Instant now) {
    Fact<Long> had = bundle.or(newest(kept, HolderReport::bundle), now);
    Fact<Integer> under = generation.or(newest(kept, HolderReport::generation), now);
    HolderReport whole =
        changed(report.streams(), had.value(), under.value(), report.refusal(), now);
    return new KnownHolder(whole, had, under, seen, written);
  }

  private static <T> Optional<T> newest(
      List<HolderReport> kept, Function<HolderReport, Optional<T>> what) {
    return kept.stream()
        .filter(one -> what.apply(one).isPresent())
        .max(Comparator.comparing(HolderReport::at))
        .flatMap(what);
  }

  // The time is that of the last change, and equal reports are one.
  private HolderReport changed(
      int streams,
      Optional<Long> had,
      Optional<Integer> under,
      Optional<String> refusal,
      Instant now) {
    HolderReport same =
        new HolderReport(report.holder(), streams, had, under, refusal, report.at());
    return same.equals(report)
        ? report
        : new HolderReport(report.holder(), streams, had, under, refusal, now);
  }

  KnownHolder wrote() {
    return new KnownHolder(report, bundle, generation, seen, report);
  }

  /** What was written of it may be so no more. */
  KnownHolder unwritten() {
    return new KnownHolder(report, bundle, generation, seen, null);
  }

  boolean isUnwritten() {
    return !report.equals(written);
  }

  /** Whether it has left so long ago that there is no need to know it any more. */
  boolean isOver(Instant now) {
    return report.streams() == 0 && !isUnwritten() && !now.isBefore(seen.plus(BACK_SOON));
  }

  /**
   * Whether time changes nothing about it, so that it need not be looked at until it is heard of.
   */
  boolean isSettled() {
    return report.streams() > 0 && bundle.isSettled() && generation.isSettled();
  }
}
