package io.signet.ca.revocation;

import java.security.cert.X509CRL;
import java.util.List;

/** What proxies get: the CRLs of all CAs, or none (FLD-4). */
public sealed interface CrlDelivery {

  /** What is to be delivered; none at all in both other cases. */
  default List<X509CRL> crls() {
    return List.of();
  }

  /** Nothing is revoked that somebody would still believe. */
  record Nothing() implements CrlDelivery {}

  /** One of each CA that anybody may show. */
  record All(List<X509CRL> crls) implements CrlDelivery {
    public All {
      crls = List.copyOf(crls);
    }
  }

  /**
   * Something is revoked, but with the CRLs that there are, proxies would refuse others too.
   *
   * @param why for people
   */
  record Withheld(String why) implements CrlDelivery {}
}
