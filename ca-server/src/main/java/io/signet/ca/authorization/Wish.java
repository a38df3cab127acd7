package io.signet.ca.authorization;

import java.time.Duration;
import java.util.Optional;

/**
 * What a caller asks for; none of it counts before it is decided.
 *
 * @param name of the identity; empty: its own
 * @param lifetime absent, zero or negative means the default (ISTIO-62)
 * @param key the kind of key that it holds; empty: it takes whatever it may have
 */
public record Wish(Optional<String> name, Optional<Duration> lifetime, Optional<KeyType> key) {

  /** Nothing in particular. */
  public static final Wish NOTHING = new Wish(Optional.empty(), Optional.empty(), Optional.empty());
}
