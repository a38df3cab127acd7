package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What was agreed on, and what it means.
 *
 * @param bundle whom others are told to trust
 * @param accepted whom we trust ourselves when somebody shows a certificate of ours
 */
record Trusted(Agreed agreed, TrustBundle bundle, TrustBundle accepted) {

  static Trusted of(Agreed agreed, Cas cas, TrustDomain domain)
      throws AuthorityException, LedgerException {
    List<X509Certificate> all = new ArrayList<>();
    List<X509Certificate> accepted = new ArrayList<>();
    for (int generation : agreed.trusted()) {
      List<X509Certificate> roots = cas.roots(generation);
      all.addAll(roots);
      if (!agreed.compromised().equals(Optional.of(generation))) {
        accepted.addAll(roots);
      }
    }
    return new Trusted(agreed, bundle(agreed, all, domain), bundle(agreed, accepted, domain));
  }

  private static TrustBundle bundle(
      Agreed agreed, List<X509Certificate> roots, TrustDomain domain) {
    return new TrustBundle(domain, agreed.bundle(), roots, Optional.empty());
  }

  /**
   * Fails when nobody believes what a CA of this generation signs.
   *
   * @throws AuthorityException if so
   */
  void require(int generation) throws AuthorityException {
    if (!agreed.trusted().contains(generation)) {
      throw new AuthorityException(
          "the CA of generation %d is not trusted any more, and that of %d cannot be used yet"
              .formatted(generation, agreed.active()));
    }
  }
}
