package io.signet.ca.authority;

import io.signet.spiffe.TrustDomain;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * The certificate of a CA, and what makes others trust it.
 *
 * @param certificate the CA's own; a root's is among the roots
 * @param above those between it and a root, from the one that signed it upwards
 * @param roots whom to trust because of it, at least one
 */
public record CaChain(
    X509Certificate certificate, List<X509Certificate> above, List<X509Certificate> roots) {

  public CaChain {
    above = List.copyOf(above);
    roots = List.copyOf(roots);
  }

  /** A root of its own. */
  static CaChain root(X509Certificate root) {
    return new CaChain(root, List.of(), List.of(root));
  }

  /**
   * Whether this is a root that may have CAs of this trust domain below it now.
   *
   * @throws AuthorityException when it is not
   */
  public static void requireRoot(X509Certificate root, TrustDomain domain, Instant now)
      throws AuthorityException {
    if (!root.getIssuerX500Principal().equals(root.getSubjectX500Principal())) {
      throw new AuthorityException(
          "\"%s\" was signed by \"%s\" (expected: a root, signed by itself)"
              .formatted(root.getSubjectX500Principal(), root.getIssuerX500Principal()));
    }
    List<X509Certificate> itself = List.of(root);
    var _ =
        new ChainCheck(domain, List.of(), 1, now, now).chain(root.getPublicKey(), itself, itself);
  }

  /** What goes to those who trust a root, after a certificate that the CA has signed. */
  List<X509Certificate> withoutRoot() {
    return roots.contains(certificate) ? List.of() : withRoot();
  }

  /** From the CA upwards, its certificate first, also if that is a root. */
  public List<X509Certificate> withRoot() {
    return Stream.concat(Stream.of(certificate), above.stream()).toList();
  }
}
