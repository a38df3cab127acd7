package io.signet.ca.authorization;

import io.signet.spiffe.SpiffeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a caller may hold. The terms are those of its SVIDs; an issuing authority has its own.
 *
 * @param own whether its own identity
 * @param others which identities beside it
 * @param maxLifetime of each certificate
 * @param keys the kinds of key that certificates may be over; at least one
 * @param hosts DNS names that each certificate has beside the identity, whatever is asked for
 * @param authority whether it may have an issuing authority, which signs every identity
 */
public record Entitlement(
    boolean own,
    List<SpiffeId> others,
    Duration maxLifetime,
    List<KeyType> keys,
    List<String> hosts,
    boolean authority) {

  /** How rules call the caller's own identity. */
  public static final String OWN = "own";

  /**
   * @throws IllegalArgumentException if no kind of key is allowed
   */
  public Entitlement {
    others = List.copyOf(others);
    keys = List.copyOf(keys);
    hosts = List.copyOf(hosts);
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("keys: none (expected: at least one kind)");
    }
  }

  /** Without an issuing authority. */
  public Entitlement(
      boolean own,
      List<SpiffeId> others,
      Duration maxLifetime,
      List<KeyType> keys,
      List<String> hosts) {
    this(own, others, maxLifetime, keys, hosts, false);
  }

  /** Its own identity and nothing else: what holds where no rule says otherwise. */
  static Entitlement ownOnly(Duration maxLifetime) {
    return new Entitlement(true, List.of(), maxLifetime, KeyType.ALL, List.of());
  }

  /** The identities as a rule lists them. */
  public List<String> mayHold() {
    List<String> all = new ArrayList<>();
    if (own) {
      all.add(OWN);
    }
    others.forEach(id -> all.add(id.toString()));
    return all;
  }

  /** The identity of this name, if the caller may hold it; without a name, its own. */
  Optional<SpiffeId> identity(SpiffeId caller, Optional<String> name) {
    String wanted = name.orElseGet(caller::toString);
    if (own && wanted.equals(caller.toString())) {
      return Optional.of(caller);
    }
    return others.stream().filter(id -> id.toString().equals(wanted)).findFirst();
  }

  boolean allows(KeyType key) {
    return keys.stream().anyMatch(kind -> kind.includes(key));
  }
}
