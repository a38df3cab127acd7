package io.signet.ca.store;

import io.signet.ca.rotation.HolderReport;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What all replicas together have seen of a holder on its streams: while it has one anywhere, what
 * all of its streams have; else what it had last.
 *
 * @param isOpen whether it has a stream
 * @param bundle empty when it never asked for one, 0 for none
 * @param generation empty when it never asked for an SVID, 0 for none or an uncertain one
 * @param refusal what it answered when it refused
 * @param since when that is so
 */
record SeenHolder(
    boolean isOpen,
    Optional<Long> bundle,
    Optional<Integer> generation,
    Optional<String> refusal,
    Instant since) {

  // A proxy that comes back at another replica opens its streams one after the other; until the
  // one for the bundle is there again, what it had still counts.
  private static final Duration BACK_SOON = Duration.ofMinutes(1);

  /** Of whom nothing was ever reported: it was fed, and nobody knows what came of it. */
  static SeenHolder unknown(Instant since) {
    return new SeenHolder(false, Optional.of(0L), Optional.of(0), Optional.empty(), since);
  }

  /**
   * @param reports of one holder, one of each replica; at least one
   */
  static SeenHolder of(List<HolderReport> reports, Instant now) {
    List<HolderReport> open = reports.stream().filter(seen -> seen.streams() > 0).toList();
    List<HolderReport> left =
        reports.stream()
            .filter(seen -> seen.streams() == 0)
            .sorted(Comparator.comparing(HolderReport::at).reversed())
            .toList();
    List<HolderReport> last =
        open.isEmpty()
            ? left
            : left.stream().filter(seen -> seen.at().isAfter(now.minus(BACK_SOON))).toList();
    List<HolderReport> counted = open.isEmpty() ? left.subList(0, 1) : open;
    return new SeenHolder(
        !open.isEmpty(),
        either(open, last, HolderReport::bundle, Math::min),
        either(open, last, HolderReport::generation, (one, two) -> one.equals(two) ? one : 0),
        counted.stream().map(HolderReport::refusal).flatMap(Optional::stream).findFirst(),
        Objects.requireNonNull(counted.getFirst().at()));
  }

  // What all open ones have; where none of them is about it, what was last had of it.
  private static <T> Optional<T> either(
      List<HolderReport> open,
      List<HolderReport> last,
      Function<HolderReport, Optional<T>> what,
      BinaryOperator<T> both) {
    return values(open, what).reduce(both).or(() -> values(last, what).findFirst());
  }

  private static <T> Stream<T> values(
      List<HolderReport> reports, Function<HolderReport, Optional<T>> what) {
    return reports.stream().map(what).flatMap(Optional::stream);
  }

  /** Whether it asked for an SVID. */
  boolean wantsSvid() {
    return generation.isPresent();
  }

  /** Whether it may still use an SVID under this generation, if it got one. */
  boolean mayHave(int old) {
    return generation.filter(has -> has == 0 || has == old).isPresent();
  }
}
