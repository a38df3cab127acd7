package io.signet.ca.rotation;

import io.signet.ca.rotation.Laggard.Kind;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Facts that a test decides on. */
final class FakeFacts implements Facts {

  static final Laggard CART =
      new Laggard(
          Kind.SUBSCRIBER,
          "spiffe://example.org/cart (pod-1)",
          "bundle 1",
          Instant.EPOCH,
          Optional.empty());

  Set<Integer> made = new HashSet<>(Set.of(1));
  boolean crl = true;
  boolean revoked;
  Instant end = Instant.MAX;
  Progress unready = new Progress(2, 0, List.of());
  Progress lacking = new Progress(10, 0, List.of());
  Progress under = new Progress(10, 0, List.of());

  /** One of ten that is not there yet. */
  static Progress behind(Laggard laggard) {
    return new Progress(10, 1, List.of(laggard));
  }

  @Override
  public boolean isMade(Generation generation) {
    return made.contains(generation.number());
  }

  @Override
  public Instant endOf(Generation generation) {
    return end;
  }

  @Override
  public boolean isRevoked(Generation generation) {
    return revoked;
  }

  @Override
  public boolean hasCrl(Generation generation) {
    return crl;
  }

  @Override
  public Progress unready(int generation) {
    return unready;
  }

  @Override
  public Progress lacking(long bundle) {
    return lacking;
  }

  @Override
  public Progress under(int generation) {
    return under;
  }
}
