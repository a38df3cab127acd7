package io.signet.ca.authorization;

import io.signet.hsm.KeyAlgorithm;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A kind of key, as a rule names it and as a key has it: one algorithm, such as {@code ec-p256}, or
 * a whole family, {@code ec} or {@code rsa}. An RSA key of a size without a name is of its family
 * only.
 *
 * @param family JCA's name of the family
 * @param only the one algorithm; empty: the family
 */
public record KeyType(String family, Optional<KeyAlgorithm> only) {

  public static final KeyType EC = new KeyType("EC", Optional.empty());
  public static final KeyType RSA = new KeyType("RSA", Optional.empty());

  /** Every kind that the reader of requests lets pass (CSR-9), the one that we make first. */
  public static final List<KeyType> ALL = List.of(EC, RSA);

  /** The kind that rules call by this name. */
  public static Optional<KeyType> named(String name) {
    return KeyAlgorithm.named(name)
        .map(KeyType::of)
        .or(() -> ALL.stream().filter(family -> family.toString().equals(name)).findFirst());
  }

  /** The kind of exactly this algorithm. */
  public static KeyType of(KeyAlgorithm algorithm) {
    return new KeyType(algorithm.family(), Optional.of(algorithm));
  }

  /** The kind of this key. */
  public static KeyType of(PublicKey key) {
    return new KeyType(key.getAlgorithm(), KeyAlgorithm.of(key));
  }

  /** Whether every key of the other kind is of this kind too. */
  public boolean includes(KeyType other) {
    return family.equals(other.family) && (only.isEmpty() || only.equals(other.only));
  }

  /** The algorithm of a key that we make ourselves: the first of the family. */
  public KeyAlgorithm algorithm() {
    return only.orElseGet(() ->
        Arrays.stream(KeyAlgorithm.values())
            .filter(algorithm -> algorithm.family().equals(family))
            .findFirst()
            .orElseThrow());
  }

  /** The name that {@link #named} knows. */
  @Override
  public String toString() {
    return only.map(KeyAlgorithm::toString).orElseGet(() -> family.toLowerCase(Locale.ROOT));
  }
}
