package io.signet.ca.revocation;

import io.signet.ca.revocation.LiveCertificates.Live;
import io.signet.ca.x509.Crls;
import java.security.cert.CRLException;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;

/**
 * A CRL, and whose it is.
 *
 * @param authority whose key has signed it
 * @param ca the certificate of that authority
 * @param end when nobody believes that authority any more, and needs its CRL
 */
public record Crl(AuthorityId authority, X509Certificate ca, Instant end, X509CRL crl) {

  /** What is needed of it without reading it. */
  public Head head() {
    return new Head(
        authority,
        Crls.number(crl)
            .orElseThrow(() -> new IllegalArgumentException("CRL of " + authority + ": no number")),
        crl.getThisUpdate().toInstant(),
        crl.getNextUpdate().toInstant(),
        end);
  }

  /** How many certificates it names. */
  public int entries() {
    Set<? extends X509CRLEntry> entries = crl.getRevokedCertificates();
    return entries == null ? 0 : entries.size();
  }

  /** Whether it names all of these, and is good until the last of them has ended. */
  boolean ends(List<Live> all) {
    return all.stream().allMatch(one -> crl.getRevokedCertificate(one.serial().value()) != null)
        && all.stream().noneMatch(one -> isOverBefore(one.notAfter()));
  }

  /** Whether another one is needed before that time; a CRL tells whole seconds. */
  boolean isOverBefore(Instant time) {
    return crl.getNextUpdate().toInstant().isBefore(time.truncatedTo(ChronoUnit.SECONDS));
  }

  /** As it is delivered. */
  public byte[] der() {
    try {
      return crl.getEncoded();
    } catch (CRLException e) {
      throw new IllegalStateException("a CRL that was read can be encoded", e);
    }
  }

  /**
   * What tells one CRL from another.
   *
   * @param number higher than that of each earlier one of this authority
   * @param end as {@link Crl#end}
   */
  public record Head(
      AuthorityId authority, long number, Instant thisUpdate, Instant nextUpdate, Instant end) {

    /** Whether anybody takes it at this time. */
    boolean isCurrent(Instant now) {
      return !now.isBefore(thisUpdate) && now.isBefore(nextUpdate);
    }
  }
}
