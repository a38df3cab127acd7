package io.signet.ca.rotation;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where a rotation stands (docs/rotation.md). It says everything that replicas have to agree on:
 * who signs, and whom to trust.
 */
public sealed interface RotationState {

  /** Whose key signs now. */
  Generation active();

  /** The other one that this phase is about; absent where there is none. */
  default Optional<Generation> other() {
    return switch (this) {
      case Steady steady -> steady.doomed();
      case Prepared prepared -> Optional.of(prepared.next());
      case Published published -> Optional.of(published.next());
      case Activated activated -> Optional.of(activated.previous());
      case Retiring retiring -> Optional.of(retiring.previous());
    };
  }

  /** Whether its key is of use, or is still to be destroyed. */
  default boolean concerns(Generation generation) {
    return active().equals(generation) || other().filter(generation::equals).isPresent();
  }

  /** The one that this rotation is away from; the active one where there is no rotation. */
  default Generation old() {
    return switch (this) {
      case Steady _, Prepared _, Published _ -> active();
      case Activated activated -> activated.previous();
      case Retiring retiring -> retiring.previous();
    };
  }

  /** The version of the bundle, the same on all replicas; grows whenever its content changes. */
  long bundle();

  /** Whose certificates the bundle holds, the oldest first. */
  default List<Generation> trusted() {
    return switch (this) {
      case Steady _, Prepared _, Retiring _ -> List.of(active());
      case Published _, Activated _ ->
          Stream.of(active(), other().orElseThrow())
              .sorted(Comparator.comparingInt(Generation::number))
              .toList();
    };
  }

  /** Whether this is the other one but for what an administrator has granted. */
  default boolean isButForGrants(RotationState of) {
    return phase().equals(of.phase())
        && active().equals(of.active())
        && other().equals(of.other())
        && bundle() == of.bundle()
        && terms().since().equals(of.terms().since())
        && terms().compromised() == of.terms().compromised();
  }

  /** Since when, and under which terms. */
  Terms terms();

  /** As it is told, such as {@code published}. */
  default String phase() {
    return switch (this) {
      case Steady _ -> "steady";
      case Prepared _ -> "prepared";
      case Published _ -> "published";
      case Activated _ -> "activated";
      case Retiring _ -> "retiring";
    };
  }

  /**
   * How this phase is gone through.
   *
   * @param since when the phase began
   * @param approved whether a person has let it go on, where the policy asks for one
   * @param forced whether it goes on without those who lag behind
   * @param compromised whether the other key may be in wrong hands, so that waiting is worse than
   *     leaving somebody behind
   */
  record Terms(Instant since, boolean approved, boolean forced, boolean compromised) {

    /** How many things an administrator can grant a phase, each once. */
    static final int GRANTS = 2;

    /** Of a phase that begins now. */
    static Terms begin(Instant now, boolean compromised) {
      return new Terms(now, false, false, compromised);
    }

    boolean isGrantedAnything() {
      return approved || forced;
    }

    Terms approve() {
      return new Terms(since, true, forced, compromised);
    }

    Terms force() {
      return new Terms(since, true, true, compromised);
    }

    // Those who lag behind are granted the time of a hurry from now on, and not from before.
    Terms compromise(Instant now) {
      return new Terms(now, approved, forced, true);
    }
  }

  /**
   * No rotation.
   *
   * @param doomed whose key nobody needs any more and is still to be destroyed
   */
  record Steady(Generation active, long bundle, Terms terms, Optional<Generation> doomed)
      implements RotationState {}

  /** The next key is being made, and its certificate; nobody is told yet. */
  record Prepared(Generation active, Generation next, long bundle, Terms terms)
      implements RotationState {}

  /** The bundle holds both, the old one signs; until everybody holds that bundle. */
  record Published(Generation active, Generation next, long bundle, Terms terms)
      implements RotationState {}

  /** The bundle holds both, the new one signs; until nobody shows anything of the old one. */
  record Activated(Generation active, Generation previous, long bundle, Terms terms)
      implements RotationState {}

  /** The bundle holds the new one only; until everybody holds that bundle. */
  record Retiring(Generation active, Generation previous, long bundle, Terms terms)
      implements RotationState {}
}
