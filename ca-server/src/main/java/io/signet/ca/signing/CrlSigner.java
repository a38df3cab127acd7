package io.signet.ca.signing;

import static java.util.stream.Collectors.toMap;

import io.signet.ca.x509.CrlTemplate;
import io.signet.ca.x509.CrlTemplate.Entry;
import io.signet.ca.x509.Crls;
import io.signet.ca.x509.KeyIds;
import io.signet.hsm.CustodyException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Signs CRLs. No intent is recorded before, as it is for a certificate (ISS-2): a CRL gives nothing
 * to anybody, and one that is lost is followed by another that says the same.
 */
public final class CrlSigner {

  private CrlSigner() {}

  /**
   * The CRL of this authority. The signature was verified by the handle (KC-1); what was signed is
   * read back and must say what it was to say (ISS-6, 7).
   *
   * @param number higher than that of each earlier one
   * @throws IllegalArgumentException if the template is refused
   */
  public static X509CRL sign(
      Authority by, long number, Instant thisUpdate, Instant nextUpdate, List<Entry> entries)
      throws CustodyException, SelfCheckException {
    CrlTemplate template =
        new CrlTemplate(by.certificate(), number, thisUpdate, nextUpdate, entries);
    byte[] tbs = Crls.tbs(template, by.algorithm());
    byte[] signature = by.key().sign(tbs);
    X509CRL crl = readBack(by, tbs, signature);
    List<String> findings = findings(template, crl);
    if (!findings.isEmpty()) {
      throw new SelfCheckException("signed CRL", findings);
    }
    return crl;
  }

  private static X509CRL readBack(Authority by, byte[] tbs, byte[] signature)
      throws SelfCheckException {
    try {
      return Crls.assemble(tbs, by.algorithm(), signature);
    } catch (IllegalStateException e) {
      throw new SelfCheckException("signed CRL", List.of(String.valueOf(e.getMessage())));
    }
  }

  /** What of it is not as it should be. */
  static List<String> findings(CrlTemplate template, X509CRL crl) {
    List<String> findings = new ArrayList<>();
    X509Certificate issuer = template.issuer();
    require(findings, crl.getVersion() == 2, "version " + crl.getVersion());
    require(
        findings,
        crl.getIssuerX500Principal().equals(issuer.getSubjectX500Principal()),
        "issuer \"%s\"".formatted(crl.getIssuerX500Principal()));
    require(
        findings,
        Crls.authorityKeyId(crl).filter(id -> Arrays.equals(id, KeyIds.of(issuer))).isPresent(),
        "authority key identifier is not the issuer's");
    require(
        findings,
        Crls.number(crl).filter(number -> number == template.number()).isPresent(),
        "number " + Crls.number(crl));
    require(
        findings,
        crl.getThisUpdate().toInstant().equals(template.thisUpdate())
            && crl.getNextUpdate().toInstant().equals(template.nextUpdate()),
        "from %s to %s".formatted(crl.getThisUpdate(), crl.getNextUpdate()));
    require(findings, !crl.hasUnsupportedCriticalExtension(), "critical extension");
    require(findings, listed(crl).equals(asked(template)), "entries are not those asked for");
    require(findings, isSignedBy(crl, issuer), "signature does not verify");
    return findings;
  }

  private static void require(List<String> findings, boolean isRight, String finding) {
    if (!isRight) {
      findings.add(finding);
    }
  }

  private record Said(Instant at, String reason) {}

  private static Map<BigInteger, Said> asked(CrlTemplate template) {
    return template.entries().stream()
        .collect(
            toMap(
                entry -> entry.serial().value(),
                entry -> new Said(entry.at(), entry.reason().name())));
  }

  private static Map<BigInteger, Said> listed(X509CRL crl) {
    Set<? extends X509CRLEntry> entries = crl.getRevokedCertificates();
    return entries == null
        ? Map.of()
        : entries.stream()
            .collect(
                toMap(
                    X509CRLEntry::getSerialNumber,
                    entry -> new Said(entry.getRevocationDate().toInstant(), reason(entry))));
  }

  private static String reason(X509CRLEntry entry) {
    return entry.getRevocationReason() == null ? "UNSPECIFIED" : entry.getRevocationReason().name();
  }

  private static boolean isSignedBy(X509CRL crl, X509Certificate issuer) {
    try {
      crl.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
