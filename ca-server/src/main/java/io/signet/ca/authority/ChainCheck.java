package io.signet.ca.authority;

import io.signet.ca.x509.KeyUsage;
import io.signet.ca.x509.NameConstraints;
import io.signet.hsm.PublicKeys;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whether a CA certificate that another CA has signed is what we need, before it is relied on: our
 * key, a chain to a root, allowed to sign what we sign with it, and for long enough (VPKI-2).
 *
 * @param domain whose identities it shall sign
 * @param hosts names that leaves will have besides
 * @param below how many CAs there shall be between it and the leaves
 * @param now the time it is
 * @param until how long it has to be of use at least
 */
record ChainCheck(TrustDomain domain, List<String> hosts, int below, Instant now, Instant until) {

  private static final int URI = 6; // RFC 5280, 4.2.1.6
  private static final int LONGEST = 8;
  private static final String ANY_PURPOSE = "2.5.29.37.0";
  private static final List<String> SERVER_AND_CLIENT =
      List.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

  /**
   * Finds the certificate of this key and those between it and a root.
   *
   * @param given certificates in any order, of which those that do not help are left out
   * @throws AuthorityException with the first thing that is wrong, and what was expected
   */
  CaChain chain(PublicKey key, List<X509Certificate> given, List<X509Certificate> roots)
      throws AuthorityException {
    X509Certificate certificate = ofKey(key, given);
    List<X509Certificate> path = path(certificate, given, roots);
    List<X509Certificate> above = path.subList(1, path.size());
    Optional<X509Certificate> root = rootOf(path.getLast(), roots);
    List<X509Certificate> whole = whole(path, root);
    for (int i = 0; i < whole.size(); i++) {
      requireCa(whole.get(i), below + i);
      requireValid(whole.get(i));
    }
    validate(path, root);
    for (X509Certificate each : whole) {
      requireDomain(each, domain);
    }
    var _ = ruled(domain, whole);
    requireNames(whole, domain, hosts, below > 0);
    return new CaChain(certificate, above, roots);
  }

  /**
   * The bundle of a trust domain whose roots are others' to choose: what is not ours to judge, as
   * how long they live, is not.
   *
   * @throws AuthorityException if an SVID of the domain could not be checked by one of them
   */
  static TrustBundle bundle(TrustDomain domain, List<X509Certificate> authorities)
      throws AuthorityException {
    TrustBundle bundle = ruled(domain, authorities);
    for (X509Certificate authority : authorities) {
      requireServing(authority);
      requireDomain(authority, domain);
      requireNames(List.of(authority), domain, List.of(), false);
    }
    return bundle;
  }

  /** When nobody will believe the CA any more: one of its chain has ended. */
  static Instant end(CaChain chain) {
    return whole(chain).stream()
        .map(certificate -> certificate.getNotAfter().toInstant())
        .min(Instant::compareTo)
        .orElseThrow();
  }

  /** The root by which the CA is believed. */
  static X509Certificate anchor(CaChain chain) {
    return whole(chain).getLast();
  }

  private static List<X509Certificate> whole(CaChain chain) {
    List<X509Certificate> path = chain.withRoot();
    return whole(path, rootOf(path.getLast(), chain.roots()));
  }

  private static X509Certificate ofKey(PublicKey key, List<X509Certificate> given)
      throws AuthorityException {
    return given.stream()
        .filter(certificate -> PublicKeys.same(certificate.getPublicKey(), key))
        .findFirst()
        .orElseThrow(() ->
            new AuthorityException(
                "none of %s is of our key (expected: one for the key of the request)"
                    .formatted(subjects(given))));
  }

  private static List<X509Certificate> path(
      X509Certificate certificate, List<X509Certificate> given, List<X509Certificate> roots)
      throws AuthorityException {
    List<X509Certificate> path = new ArrayList<>(List.of(certificate));
    while (!roots.contains(path.getLast()) && rootOf(path.getLast(), roots).isEmpty()) {
      X509Certificate last = path.getLast();
      X509Certificate issuer =
          issuerOf(last, given)
              .filter(found -> !path.contains(found) && path.size() < LONGEST)
              .orElseThrow(() -> unfinished(last, roots));
      path.add(issuer);
    }
    return path;
  }

  private static AuthorityException unfinished(X509Certificate last, List<X509Certificate> roots) {
    return new AuthorityException(
        "%s was signed by %s, which is neither in the chain nor one of the roots %s"
            .formatted(subject(last), quoted(last.getIssuerX500Principal()), subjects(roots)));
  }

  /** The root above the last one of a path; none if that is a root itself. */
  private static Optional<X509Certificate> rootOf(
      X509Certificate last, List<X509Certificate> roots) {
    return roots.contains(last) ? Optional.empty() : issuerOf(last, roots);
  }

  private static Optional<X509Certificate> issuerOf(
      X509Certificate certificate, List<X509Certificate> among) {
    return among.stream()
        .filter(
            issuer -> issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal()))
        .filter(issuer -> isSignedBy(certificate, issuer))
        // K8S-53: one that was renewed with its key, beside what it was.
        .max(Comparator.comparing(X509Certificate::getNotAfter));
  }

  private static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static List<X509Certificate> whole(
      List<X509Certificate> path, Optional<X509Certificate> root) {
    return Stream.concat(path.stream(), root.stream()).toList();
  }

  // RFC 5280, section 6: what else there is in certificates that we did not make.
  private void validate(List<X509Certificate> path, Optional<X509Certificate> root)
      throws AuthorityException {
    X509Certificate anchor = root.orElse(path.getLast());
    List<X509Certificate> below = root.isPresent() ? path : path.subList(0, path.size() - 1);
    for (X509Certificate certificate : below) {
      requireDigest(certificate);
    }
    if (below.isEmpty()) {
      return; // a root is believed because it was named
    }
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
      var _ =
          CertPathValidator.getInstance("PKIX")
              .validate(
                  CertificateFactory.getInstance("X.509").generateCertPath(below), parameters);
    } catch (CertPathValidatorException e) {
      throw new AuthorityException(
          "%s: %s".formatted(subject(at(below, e.getIndex())), e.getMessage()), e);
    } catch (GeneralSecurityException e) {
      throw new AuthorityException(subject(path.getFirst()) + ": " + e.getMessage(), e);
    }
  }

  private static X509Certificate at(List<X509Certificate> path, int index) {
    return path.get(Math.max(0, index));
  }

  private static void requireCa(X509Certificate certificate, int below) throws AuthorityException {
    boolean[] usage = certificate.getKeyUsage();
    require(
        usage != null && usage[KeyUsage.KEY_CERT_SIGN.bit()],
        certificate,
        "its key usage does not allow to sign certificates",
        "keyCertSign");
    requireServing(certificate);
    int found = certificate.getBasicConstraints();
    require(found >= 0, certificate, "it is not a CA", "basic constraints with CA true");
    require(
        found >= below,
        certificate,
        "its path length is " + found,
        "at least %d%s".formatted(below, below == 1 ? ", or keys.issuing: root" : ""));
  }

  // Go, BoringSSL and OpenSSL go by it in CAs too.
  private static void requireServing(X509Certificate certificate) throws AuthorityException {
    require(
        mayServe(certificate),
        certificate,
        "its extended key usage is not for servers and clients",
        "none, or serverAuth and clientAuth");
  }

  private static boolean mayServe(X509Certificate certificate) {
    try {
      List<String> purposes = certificate.getExtendedKeyUsage();
      return purposes == null
          || purposes.contains(ANY_PURPOSE)
          || purposes.containsAll(SERVER_AND_CLIENT);
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  // The JDK would still take it; Go and BoringSSL do not.
  private static void requireDigest(X509Certificate certificate) throws AuthorityException {
    String signed = certificate.getSigAlgName();
    require(
        !signed.toUpperCase(Locale.ROOT).startsWith("SHA1"),
        certificate,
        "it is signed by " + signed,
        "SHA-256 or more");
  }

  private void requireValid(X509Certificate certificate) throws AuthorityException {
    Instant begin = certificate.getNotBefore().toInstant();
    Instant end = certificate.getNotAfter().toInstant();
    require(
        !now.isAfter(end),
        certificate,
        "it expired at " + end + "; it is now " + now,
        "a valid one");
    require(
        !now.isBefore(begin),
        certificate,
        "it begins at " + begin + "; it is now " + now,
        "a valid one; is the clock of this machine right?");
    require(!until.isAfter(end), certificate, "it ends at " + end, "not before " + until);
  }

  private static void requireDomain(X509Certificate certificate, TrustDomain domain)
      throws AuthorityException {
    Optional<String> id = uri(certificate);
    String expected = domain.id().toString();
    require(
        id.isEmpty() || id.get().equals(expected),
        certificate,
        "it is of " + id.orElse("none"),
        expected + ", as trust-domain says");
  }

  private static Optional<String> uri(X509Certificate certificate) {
    try {
      return Stream.ofNullable(certificate.getSubjectAlternativeNames())
          .flatMap(Collection::stream)
          .filter(name -> name.getFirst().equals(URI))
          .map(name -> String.valueOf(name.get(1)))
          .findFirst();
    } catch (CertificateParsingException e) {
      return Optional.empty();
    }
  }

  // What SVIDs are checked by, ours too, before they are released (SPIFFE-21, 22, 25).
  private static TrustBundle ruled(TrustDomain domain, List<X509Certificate> whole)
      throws AuthorityException {
    try {
      return new TrustBundle(domain, 0, whole, Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new AuthorityException(subjects(whole) + ": " + e.getMessage(), e);
    }
  }

  private static void requireNames(
      List<X509Certificate> whole, TrustDomain domain, List<String> hosts, boolean issues)
      throws AuthorityException {
    Optional<String> refused = NameConstraints.refused(whole, domain, hosts, issues);
    require(
        refused.isEmpty(),
        whole.getFirst(),
        "the name constraints of its chain forbid " + refused.orElse(""),
        "none, or such that allow it");
  }

  private static void require(
      boolean holds, X509Certificate certificate, String found, String expected)
      throws AuthorityException {
    if (!holds) {
      throw new AuthorityException(
          "%s: %s (expected: %s)".formatted(subject(certificate), found, expected));
    }
  }

  private static List<String> subjects(List<X509Certificate> certificates) {
    return certificates.stream().map(ChainCheck::subject).toList();
  }

  private static String subject(X509Certificate certificate) {
    return quoted(certificate.getSubjectX500Principal());
  }

  private static String quoted(Object name) {
    return "\"" + name + "\"";
  }
}
