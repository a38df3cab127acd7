package io.signet.sds;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.Secret.ValidationContext;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import io.signet.spiffe.X509Svid;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Secrets for tests of delivery. Equal numbers give equal content; the private keys are no keys,
 * for nothing here looks into them.
 */
public final class Secrets {
  public static final TrustDomain EXAMPLE = new TrustDomain("example.org");
  public static final TrustDomain PARTNER = new TrustDomain("partner.example");
  public static final SpiffeId WEB = SpiffeId.of(EXAMPLE, "ns", "shop", "sa", "web");
  public static final SpiffeId CART = SpiffeId.of(EXAMPLE, "ns", "shop", "sa", "cart");
  public static final String PRIVATE_KEY = "the private key, as PKCS#8 DER";

  private Secrets() {}

  public static TlsCertificate svid(SpiffeId id, int number) {
    return new TlsCertificate(
        X509Svid.of(List.of(Certificates.leaf(id, number))),
        SecretBytes.copyOf(PRIVATE_KEY.getBytes(US_ASCII)));
  }

  public static ValidationContext bundle(TrustDomain domain, int... numbers) {
    return ValidationContext.plain(anchors(domain, numbers), Set.of());
  }

  public static TrustAnchors anchors(TrustDomain domain, int... numbers) {
    return new TrustAnchors(
        new TrustBundle(
            domain,
            0,
            IntStream.of(numbers)
                .mapToObj(number -> Certificates.authority(domain, number))
                .toList(),
            Optional.empty()));
  }

  /** What the web server may have: its SVID and the bundle of its own trust domain. */
  public static Snapshot snapshot(int svid, int root) {
    return new Snapshot(List.of(svid(WEB, svid)), Trust.of(anchors(EXAMPLE, root)));
  }
}
