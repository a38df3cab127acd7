package io.signet.ca.signing;

import io.signet.ca.x509.CertificateTemplate;
import io.signet.ca.x509.KeyIds;
import io.signet.ca.x509.KeyUsage;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The kinds of certificate that we sign (PROF-1 to PROF-5), and what each of them says. */
public enum CertificateProfile {
  LEAF,
  ISSUING,
  INTERMEDIATE,
  ROOT;

  /** How far back a certificate begins, for clocks that are behind ours (PROF-3). */
  public static final Duration BACKDATE = Duration.ofMinutes(2);

  private static final int NAME_BYTES = 6;

  /** The template of an SVID. Its key usage follows the kind of key (PROF-2). */
  public static CertificateTemplate leaf(
      SpiffeId id, List<String> hosts, PublicKey key, Instant now, Instant notAfter) {
    return new CertificateTemplate(
        Optional.empty(),
        id,
        hosts,
        key,
        now.minus(BACKDATE),
        notAfter,
        leafUsage(key),
        false,
        OptionalInt.empty());
  }

  // RFC 8813 forbids keyEncipherment with EC keys.
  private static Set<KeyUsage> leafUsage(PublicKey key) {
    return key.getAlgorithm().equals("RSA")
        ? EnumSet.of(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT)
        : EnumSet.of(KeyUsage.DIGITAL_SIGNATURE);
  }

  /** The template of an authority that signs leaves only. */
  public static CertificateTemplate issuing(
      TrustDomain domain, PublicKey key, Instant now, Instant notAfter) {
    return authority(name("Issuing", key), domain, key, now, notAfter, OptionalInt.of(0));
  }

  /** The template of an authority that signs issuing authorities, below a root elsewhere. */
  public static CertificateTemplate intermediate(
      TrustDomain domain, PublicKey key, Instant now, Instant notAfter) {
    return authority(name("Intermediate", key), domain, key, now, notAfter, OptionalInt.of(1));
  }

  /** The template of a root. */
  public static CertificateTemplate root(
      TrustDomain domain, PublicKey key, Instant now, Instant notAfter) {
    return authority(name("Root", key), domain, key, now, notAfter, OptionalInt.empty());
  }

  private static CertificateTemplate authority(
      String name,
      TrustDomain domain,
      PublicKey key,
      Instant now,
      Instant notAfter,
      OptionalInt pathLength) {
    return new CertificateTemplate(
        Optional.of(name),
        domain.id(),
        List.of(),
        key,
        now.minus(BACKDATE),
        notAfter,
        EnumSet.of(KeyUsage.KEY_CERT_SIGN, KeyUsage.CRL_SIGN),
        true,
        pathLength);
  }

  // Unique for each authority, or path builders take one for another (PROF-5).
  private static String name(String role, PublicKey key) {
    byte[] id = KeyIds.of(key);
    return role + " " + HexFormat.of().formatHex(id, 0, NAME_BYTES);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
