package io.signet.ca.authority;

import io.signet.spiffe.Pem;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import java.security.cert.X509Certificate;
import java.util.List;

/** The bundle of another trust domain, as that hands it out. */
public final class ForeignBundle {

  private ForeignBundle() {}

  /**
   * Reads the authorities from PEM, at least one, and with sequence 0. When they end is for their
   * owner to know: one that has expired vouches for nobody and does no harm.
   *
   * @throws AuthorityException with the first thing that is wrong, and what was expected: no PEM,
   *     no CA, one of another trust domain, or one whose SVIDs nobody could check
   */
  public static TrustBundle ofPem(TrustDomain domain, String pem) throws AuthorityException {
    List<X509Certificate> authorities = certificates(pem);
    if (authorities.isEmpty()) {
      // What is read while it is written looks the same, and trusting nobody must not come of that.
      throw new AuthorityException("no certificate (expected: at least one)");
    }
    return ChainCheck.bundle(domain, authorities);
  }

  private static List<X509Certificate> certificates(String pem) throws AuthorityException {
    try {
      return Pem.certificates(pem);
    } catch (IllegalArgumentException e) {
      throw new AuthorityException(String.valueOf(e.getMessage()), e);
    }
  }
}
