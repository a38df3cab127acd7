package io.signet.sds;

import io.signet.spiffe.TrustBundle;
import java.security.cert.X509CRL;
import java.util.List;

/**
 * Whom to trust in one trust domain.
 *
 * @param crls of its CAs: of all or of none, for Envoy refuses a chain if one of its CAs has a CRL
 *     and another has not (FLD-4)
 */
public record TrustAnchors(TrustBundle bundle, List<X509CRL> crls) {
  public TrustAnchors {
    crls = List.copyOf(crls);
  }

  /** Without a CRL. */
  public TrustAnchors(TrustBundle bundle) {
    this(bundle, List.of());
  }

  /** The canonical name (NAME-4). */
  String name() {
    return bundle.trustDomain().id().toString();
  }
}
