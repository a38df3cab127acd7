package io.signet.ca.authorization;

import io.signet.spiffe.SpiffeId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a proven caller gets, and by what.
 *
 * @param caller who gets it
 * @param rule that gives it; empty: the default does
 * @param id the identity
 * @param lifetime for this long at most
 * @param hosts DNS names and IP addresses beside the identity, exactly these
 * @param keys over a key of one of these kinds, the first of them where we make it
 */
public record Grant(
    SpiffeId caller,
    Optional<Rule> rule,
    SpiffeId id,
    Duration lifetime,
    List<String> hosts,
    List<KeyType> keys) {

  public Grant {
    hosts = List.copyOf(hosts);
    keys = List.copyOf(keys);
  }

  /** Its own identity, for somebody whom no rule is about: ourselves. */
  public static Grant own(SpiffeId id, Duration lifetime, List<String> hosts) {
    return new Grant(id, Optional.empty(), id, lifetime, hosts, KeyType.ALL);
  }

  /** Whether both give the same, by whichever rule. */
  public boolean givesAs(Grant other) {
    return id.equals(other.id)
        && lifetime.equals(other.lifetime)
        && hosts.equals(other.hosts)
        && keys.equals(other.keys);
  }

  /** Who may hold what, and what says so: for our log. */
  public String reason() {
    return rule.map(decider -> decider + " lets " + caller + " hold ")
            .orElseGet(() -> "no rule is for " + caller + ", so it may hold ")
        + (id.equals(caller) ? "its own identity" : id);
  }
}
