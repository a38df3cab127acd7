package io.signet.spiffe;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rules of X509-SVID that a certificate chain obeys or breaks by itself, without a bundle. That
 * a leaf with an empty subject has a critical SAN (SPIFFE-20), the JDK sees to when it reads one.
 */
final class SvidRules {
  private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
  private static final List<String> SERVER_AND_CLIENT =
      List.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

  private SvidRules() {}

  /**
   * The ID of the workload the chain names. It alone says nothing: {@link #require} checks the
   * rest.
   *
   * @throws IllegalArgumentException if there is no such ID
   */
  static SpiffeId idOf(List<X509Certificate> chain) {
    if (chain.isEmpty()) {
      throw refused("empty chain", "leaf first, at least 1 certificate");
    }
    List<String> uris = Certificates.uris(chain.getFirst());
    if (uris.size() != 1) { // SPIFFE-18
      throw refused(uris.size() + " URI SANs", "exactly 1");
    }
    SpiffeId id = SpiffeId.parse(uris.getFirst()); // SPIFFE-32
    if (!id.hasPath()) { // SPIFFE-19
      throw refused("leaf with ID " + id, "a path");
    }
    return id;
  }

  /**
   * Checks all but the ID of a chain that has one.
   *
   * @throws IllegalArgumentException if a rule is broken
   */
  static void require(List<X509Certificate> chain) {
    X509Certificate leaf = chain.getFirst();
    var _ = SerialNumber.of(leaf);
    requireNoAuthority(leaf);
    requireKeyUsage(leaf);
    requireExtendedKeyUsage(leaf);
    // SPIFFE-23: what follows the leaf signs, and what signs never authenticates.
    chain.stream().skip(1).forEach(AuthorityRules::require);
  }

  private static void requireNoAuthority(X509Certificate leaf) {
    if (Certificates.isCa(leaf)) { // SPIFFE-29
      throw refused("leaf with cA=true", "cA=false");
    }
    if (Certificates.allows(leaf, Certificates.KEY_CERT_SIGN)) { // SPIFFE-30
      throw refused("leaf with keyCertSign", "none");
    }
    if (Certificates.allows(leaf, Certificates.CRL_SIGN)) { // SPIFFE-31
      throw refused("leaf with cRLSign", "none");
    }
  }

  private static void requireKeyUsage(X509Certificate leaf) {
    if (!Certificates.isCritical(leaf, Certificates.KEY_USAGE)) { // SPIFFE-25
      throw refused("leaf without critical key usage", "critical");
    }
    if (!Certificates.allows(leaf, Certificates.DIGITAL_SIGNATURE)) { // SPIFFE-26
      throw refused("leaf without digitalSignature", "digitalSignature");
    }
  }

  // Asks for the raw extension, for the JDK reports a malformed one as absent.
  private static void requireExtendedKeyUsage(X509Certificate leaf) {
    if (leaf.getExtensionValue(EXTENDED_KEY_USAGE) == null) {
      return;
    }
    List<String> purposes = purposes(leaf);
    if (purposes == null || !purposes.containsAll(SERVER_AND_CLIENT)) { // SPIFFE-27
      throw refused("leaf with extended key usage " + purposes, "serverAuth and clientAuth");
    }
  }

  private static @Nullable List<String> purposes(X509Certificate leaf) {
    try {
      return leaf.getExtendedKeyUsage();
    } catch (CertificateParsingException e) {
      throw new IllegalArgumentException("X509-SVID: malformed extended key usage", e);
    }
  }

  private static IllegalArgumentException refused(String found, String expected) {
    return new IllegalArgumentException("X509-SVID: %s (expected: %s)".formatted(found, expected));
  }
}
