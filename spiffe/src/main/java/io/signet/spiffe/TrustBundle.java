package io.signet.spiffe;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The authorities of a trust domain at one point of its history. Never mixed with those of another
 * trust domain (SPIFFE-55, -62).
 *
 * @param trustDomain whose SVIDs these authorities vouch for
 * @param sequence 0 or more; grows with every change of content (SPIFFE-49)
 * @param authorities CA certificates, each once, in the order given; none means that no SVID of the
 *     trust domain is trusted (SPIFFE-51)
 * @param refreshHint how often a reader should look again, in whole seconds (SPIFFE-50)
 */
public record TrustBundle(
    TrustDomain trustDomain,
    long sequence,
    List<X509Certificate> authorities,
    Optional<Duration> refreshHint) {

  /**
   * Keeps the first of equal authorities.
   *
   * @throws IllegalArgumentException if an authority breaks a rule for signing certificates
   *     (SPIFFE-21, -22, -25) or its key is neither RSA nor on P-256, P-384 or P-521, the sequence
   *     is negative, or the hint is negative or not in whole seconds
   */
  public TrustBundle {
    Objects.requireNonNull(trustDomain, "trustDomain");
    authorities = List.copyOf(new LinkedHashSet<>(authorities)); // certificates are equal by DER
    authorities.forEach(TrustBundle::requireAuthority);
    if (sequence < 0) {
      throw new IllegalArgumentException("sequence %d (expected: >= 0)".formatted(sequence));
    }
    refreshHint.ifPresent(TrustBundle::requireHint);
  }

  /**
   * The bundle of a file of CA certificates: sequence 0, no refresh hint.
   *
   * @throws IllegalArgumentException if the text holds anything but certificates that may be
   *     authorities
   */
  public static TrustBundle ofPem(TrustDomain trustDomain, String pem) {
    return new TrustBundle(trustDomain, 0, Pem.certificates(pem), Optional.empty());
  }

  /**
   * Reads the SPIFFE bundle format. Keys for other uses, of unknown type or on an unknown curve are
   * ignored (SPIFFE-34, -35, -52, -53), as are members that are not defined (SPIFFE-48). A missing
   * sequence is 0.
   *
   * @param trustDomain whose bundle this is; the document does not say (SPIFFE-55)
   * @throws IllegalArgumentException if the text is no JWK Set, or an X.509 authority in it is
   *     malformed
   */
  public static TrustBundle parseJwkSet(TrustDomain trustDomain, String json) {
    return JwkSet.read(trustDomain, json);
  }

  /**
   * This bundle and the authority, with the next sequence; this bundle if it has it already.
   *
   * @throws IllegalArgumentException if the certificate may not be an authority
   * @throws ArithmeticException if there is no next sequence
   */
  public TrustBundle plus(X509Certificate authority) {
    return authorities.contains(authority)
        ? this
        : next(Stream.concat(authorities.stream(), Stream.of(authority)));
  }

  /**
   * This bundle without the authority, with the next sequence; this bundle if it lacks it.
   *
   * @throws ArithmeticException if there is no next sequence
   */
  public TrustBundle minus(X509Certificate authority) {
    return authorities.contains(authority)
        ? next(authorities.stream().filter(kept -> !kept.equals(authority)))
        : this;
  }

  /** The authorities as PEM, in order. */
  public String toPem() {
    return Pem.encode(authorities);
  }

  /** The SPIFFE bundle format: a JWK Set with sequence and refresh hint (SPIFFE-33, -48 to -54). */
  public String toJwkSet() {
    return JwkSet.write(this);
  }

  /** The name, the sequence and the number of authorities. */
  @Override
  public String toString() {
    return "TrustBundle[%s, sequence %d, %d authorities]"
        .formatted(trustDomain, sequence, authorities.size());
  }

  private TrustBundle next(Stream<X509Certificate> changed) {
    return new TrustBundle(
        trustDomain, Math.incrementExact(sequence), changed.toList(), refreshHint);
  }

  // Path validation takes an anchor as it is: a leaf in here would become a CA.
  private static void requireAuthority(X509Certificate authority) {
    AuthorityRules.require(authority);
    JwkSet.requireWritable(authority.getPublicKey());
  }

  private static void requireHint(Duration hint) {
    if (hint.isNegative() || !hint.equals(hint.truncatedTo(ChronoUnit.SECONDS))) {
      throw new IllegalArgumentException(
          "refresh hint %s (expected: whole seconds, >= 0)".formatted(hint));
    }
  }
}
