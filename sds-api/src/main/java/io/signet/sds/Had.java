package io.signet.sds;

import io.signet.sds.Wants.Kind;
import io.signet.sds.Wants.Mark;
import io.signet.sds.Wants.Wanted;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.BinaryOperator;

/**
 * What somebody had when it was last heard of.
 *
 * @param bundle as {@link Standing#bundle()}
 * @param generation as {@link Standing#generation()}
 * @param refusal as {@link Standing#refusal()}
 */
public record Had(Optional<Long> bundle, Optional<Integer> generation, Optional<String> refusal) {

  /** Nothing is known of it. */
  public static final Had NOTHING = new Had(Optional.empty(), Optional.empty(), Optional.empty());

  static Had all(Wants received) {
    return new Had(
        value(received, Kind.BUNDLE),
        value(received, Kind.SVID).map(Math::toIntExact),
        Optional.empty());
  }

  private static Optional<Long> value(Wants received, Kind kind) {
    return received.names().values().stream()
        .flatMap(Optional::stream)
        .map(Wanted::mark)
        .filter(mark -> mark.kind() == kind)
        .map(Mark::value)
        .min(Comparator.naturalOrder());
  }

  /** Of two streams of one holder: what both have. */
  public Had and(Had other) {
    return new Had(
        either(bundle, other.bundle, Math::min),
        either(generation, other.generation, Had::agreed),
        refusal.or(other::refusal));
  }

  private static <T> Optional<T> either(
      Optional<T> one, Optional<T> other, BinaryOperator<T> both) {
    return one.isPresent() && other.isPresent()
        ? Optional.of(both.apply(one.get(), other.get()))
        : one.or(() -> other);
  }

  /** A generation that both are under; 0 where they are not under the same. */
  static int agreed(int one, int other) {
    return one == other ? one : 0;
  }
}
