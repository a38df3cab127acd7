package io.signet.ca.authority;

import java.util.List;
import java.util.Optional;

/**
 * What all replicas have agreed on: who signs, and whom to trust. CAs are named by their
 * generation: 1 for the first of the trust domain, and one more for each that has followed.
 *
 * @param bundle the version of the trust bundle; grows with each change of content
 * @param active the one that signs
 * @param trusted those in the bundle, in its order
 * @param compromised the one whose key may be in wrong hands, if any: what it has signed proves
 *     nothing to us any more, even while it is in the bundle
 */
public record Agreed(
    long bundle, int active, List<Integer> trusted, Optional<Integer> compromised) {

  /** Before anything was ever changed. */
  public static final Agreed FIRST = new Agreed(1, Ca.FIRST, List.of(Ca.FIRST), Optional.empty());

  public Agreed {
    trusted = List.copyOf(trusted);
  }
}
