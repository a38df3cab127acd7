package io.signet.ca.bundle;

import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.ForeignBundle;
import io.signet.ca.bundle.Found.Nothing;
import io.signet.ca.bundle.Found.Text;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import java.util.Optional;
import java.util.Set;

/**
 * The last good bundle of a trust domain, and what came after it. Pure.
 *
 * @param last what the last look found
 * @param problem why that is no bundle, if it is none
 */
record Kept(TrustBundle bundle, Found last, Optional<String> problem) {

  /**
   * The bundle that a first look found.
   *
   * @throws BundleException if it found none
   */
  static Kept first(TrustDomain domain, Found found) throws BundleException {
    return new Kept(read(domain, found), found, Optional.empty());
  }

  /**
   * After another look: its bundle if there is one in it, with the next sequence if its authorities
   * are others; this one if not.
   */
  Kept after(Found found) {
    if (found.equals(last)) {
      return this;
    }
    try {
      return new Kept(following(read(bundle.trustDomain(), found)), found, Optional.empty());
    } catch (BundleException e) {
      return new Kept(bundle, found, Optional.of(String.valueOf(e.getMessage())));
    }
  }

  // A bundle is a set (SPIFFE-49): another order, or a comment in the file, changes nothing.
  private TrustBundle following(TrustBundle read) {
    return Set.copyOf(read.authorities()).equals(Set.copyOf(bundle.authorities()))
        ? bundle
        : new TrustBundle(
            read.trustDomain(),
            Math.incrementExact(bundle.sequence()),
            read.authorities(),
            read.refreshHint());
  }

  private static TrustBundle read(TrustDomain domain, Found found) throws BundleException {
    return switch (found) {
      case Text(String text) -> read(domain, text);
      case Nothing(String why) ->
          throw new BundleException(
              "%s (expected: a file with the CA certificates of %s as PEM)".formatted(why, domain));
    };
  }

  private static TrustBundle read(TrustDomain domain, String pem) throws BundleException {
    try {
      return ForeignBundle.ofPem(domain, pem);
    } catch (AuthorityException e) {
      throw new BundleException(e);
    }
  }
}
