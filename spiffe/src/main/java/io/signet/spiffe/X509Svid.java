package io.signet.spiffe;

import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A certificate that names a workload, with the issuing authorities up to, but without need of, the
 * root (X509-SVID, sections 2 to 5).
 *
 * <p>One that exists obeys the rules of X509-SVID for leaf and issuers, each looked at alone.
 * Whether each was signed by the next and the last by somebody trustworthy, and whether they are
 * valid now, is for {@link #verify} to say.
 *
 * <p>Known limit: the JDK does not read a URI whose host ends in a dot, so a certificate for such a
 * trust domain is refused as malformed.
 *
 * @param id the SPIFFE ID in the leaf
 * @param chain the leaf first, then the issuing authorities up to the root
 */
public record X509Svid(SpiffeId id, List<X509Certificate> chain) {

  /**
   * @throws IllegalArgumentException if the chain is empty, breaks a rule of X509-SVID, or carries
   *     another ID
   */
  public X509Svid {
    Objects.requireNonNull(id, "id");
    chain = List.copyOf(chain);
    SpiffeId named = SvidRules.idOf(chain);
    if (!id.equals(named)) {
      throw new IllegalArgumentException("X509-SVID: %s (expected: %s)".formatted(named, id));
    }
    SvidRules.require(chain);
  }

  /**
   * The SVID in a chain, leaf first.
   *
   * @throws IllegalArgumentException if the chain is empty or breaks a rule of X509-SVID
   */
  public static X509Svid of(List<X509Certificate> chain) {
    return new X509Svid(SvidRules.idOf(chain), chain);
  }

  /**
   * The SVID in a file of certificates, leaf first.
   *
   * @throws IllegalArgumentException if the text holds anything but certificates, or they break a
   *     rule of X509-SVID
   */
  public static X509Svid parsePem(String pem) {
    return of(Pem.certificates(pem));
  }

  /** The workload's own certificate. */
  public X509Certificate leaf() {
    return chain.getFirst();
  }

  /** The serial number of the leaf. */
  public SerialNumber serial() {
    return SerialNumber.of(leaf());
  }

  /** The last second in which the leaf is valid (RFC 5280, section 4.1.2.5: inclusive). */
  public Instant expiresAt() {
    return leaf().getNotAfter().toInstant();
  }

  /** The chain as PEM, leaf first; each certificate ends in a newline. */
  public String toPem() {
    return Pem.encode(chain);
  }

  /**
   * Proves that an authority of the bundle vouches for this SVID: RFC 5280 path validation
   * (SPIFFE-28). Revocation is not looked up.
   *
   * @param bundle of this SVID's trust domain (SPIFFE-55)
   * @param at the moment at which every certificate, the authority's too, must be valid
   * @throws CertPathValidatorException if nobody does, or the JDK cannot tell; the message says why
   */
  public void verify(TrustBundle bundle, Instant at) throws CertPathValidatorException {
    if (!id.memberOf(bundle.trustDomain())) {
      throw new CertPathValidatorException(
          "%s: bundle of %s (expected: of %s)"
              .formatted(id, bundle.trustDomain(), id.trustDomain()));
    }
    Set<TrustAnchor> anchors = anchors(bundle, at);
    if (anchors.isEmpty()) {
      throw new CertPathValidatorException(
          "%s: bundle has no authority that is valid at %s".formatted(id, at));
    }
    validate(anchors, at);
  }

  /** The ID, serial number and expiry. */
  @Override
  public String toString() {
    return "X509Svid[%s, serial %s, expires %s]".formatted(id, serial(), expiresAt());
  }

  // RFC 5280 leaves the dates of an anchor to the caller.
  private static Set<TrustAnchor> anchors(TrustBundle bundle, Instant at) {
    return bundle.authorities().stream()
        .filter(authority -> !at.isBefore(authority.getNotBefore().toInstant()))
        .filter(authority -> !at.isAfter(authority.getNotAfter().toInstant()))
        .map(authority -> new TrustAnchor(authority, null))
        .collect(Collectors.toSet());
  }

  private void validate(Set<TrustAnchor> anchors, Instant at) throws CertPathValidatorException {
    CertPathValidator pkix = pkix();
    CertPath path = path();
    PKIXParameters parameters = parameters(anchors, at);
    try {
      var _ = pkix.validate(path, parameters);
    } catch (InvalidAlgorithmParameterException e) {
      throw new IllegalStateException("these are PKIX parameters", e);
    } catch (RuntimeException e) {
      // The JDK's check of name constraints fails so on a trust domain that is no host name to
      // java.net.URI, such as a_b.
      throw new CertPathValidatorException("%s: cannot be validated: %s".formatted(id, e), e);
    }
  }

  private static CertPathValidator pkix() {
    try {
      return CertPathValidator.getInstance("PKIX");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has PKIX", e);
    }
  }

  private CertPath path() throws CertPathValidatorException {
    try {
      return Certificates.factory().generateCertPath(chain);
    } catch (CertificateException e) {
      throw new CertPathValidatorException("%s: its chain is no path".formatted(id), e);
    }
  }

  private static PKIXParameters parameters(Set<TrustAnchor> anchors, Instant at) {
    try {
      var parameters = new PKIXParameters(anchors);
      parameters.setDate(Date.from(at));
      parameters.setRevocationEnabled(false);
      return parameters;
    } catch (InvalidAlgorithmParameterException e) {
      throw new IllegalStateException("there are anchors", e);
    }
  }
}
