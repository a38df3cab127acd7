package io.signet.ca.authorization;

import io.signet.attestation.Proof;
import io.signet.ca.authorization.Decision.Denied;
import io.signet.ca.authorization.Decision.Granted;
import io.signet.spiffe.SpiffeId;
import java.time.Duration;
import java.util.Optional;

/**
 * Decides what a proven caller may hold: its own identity only. The names in a request are a wish,
 * and so is the lifetime, which is clamped instead of refused (ISTIO-4).
 */
public final class Entitlements {

  private final Duration defaultLifetime;
  private final Duration maxLifetime;

  public Entitlements(Duration defaultLifetime, Duration maxLifetime) {
    this.defaultLifetime = defaultLifetime;
    this.maxLifetime = maxLifetime;
  }

  /**
   * Whether the caller may have the name it wishes; without a wish it gets its own.
   *
   * @param lifetime what it wishes; absent, zero or negative means the default (ISTIO-62)
   */
  public Decision decide(Proof proof, Optional<String> name, Optional<Duration> lifetime) {
    if (name.isPresent() && !name.get().equals(proof.id().toString())) {
      return new Denied(
          "%s asked for \"%s\" (expected: its own identity)".formatted(proof.id(), name.get()));
    }
    return new Granted(new Grant(proof.id(), clamped(lifetime)));
  }

  /** What a caller gets that asks for nothing in particular: its own identity. */
  public Grant own(SpiffeId id) {
    return new Grant(id, defaultLifetime);
  }

  private Duration clamped(Optional<Duration> wish) {
    return wish.filter(Duration::isPositive)
        .map(wanted -> wanted.compareTo(maxLifetime) < 0 ? wanted : maxLifetime)
        .orElse(defaultLifetime);
  }
}
