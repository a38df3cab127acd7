package io.signet.ca.authority;

import io.signet.ca.authority.UpstreamCa.Wish;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CaRequest;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyHandle;
import io.signet.spiffe.SerialNumber;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Issuing authorities that a CA elsewhere signs. */
final class UpstreamCertifier implements Certifier {

  private static final Logger LOG = LoggerFactory.getLogger(UpstreamCertifier.class);

  private final UpstreamCa upstream;
  private final List<X509Certificate> roots;
  private final AuthorityPolicy policy;
  private final Clock clock;

  UpstreamCertifier(
      UpstreamCa upstream, List<X509Certificate> roots, AuthorityPolicy policy, Clock clock) {
    this.upstream = upstream;
    this.roots = roots;
    this.policy = policy;
    this.clock = clock;
  }

  @Override
  public void requireReady() {} // only the upstream knows

  @Override
  public IssuingAuthority certify(KeyHandle key) throws AuthorityException, CustodyException {
    CaChain chain = checked(key, upstream.certify(wish(key)));
    // Whatever it was that signed may end before what it signed (VPKI-2).
    Authority authority = new Authority(key, chain.certificate(), ChainCheck.end(chain));
    // No ledger of ours has it: we have not signed (VPKI-4).
    LOG.info(
        "issuing authority {} was signed by \"{}\" and is of use until {}",
        SerialNumber.of(chain.certificate()),
        chain.certificate().getIssuerX500Principal(),
        authority.notAfter());
    warnOfShortLife(authority.notAfter());
    return new IssuingAuthority(
        Ca.FIRST, authority, chain.withRoot(), renewAt(authority.notAfter()));
  }

  // PROF-6: leaves are cut to half of it at worst.
  private void warnOfShortLife(Instant end) {
    Duration left = Duration.between(clock.instant(), end);
    if (left.compareTo(policy.issuingLifetime().dividedBy(2)) < 0) {
      LOG.warn(
          "it was asked for {} and got {}: leaves may end before they were meant to",
          policy.issuingLifetime(),
          left);
    }
  }

  private Wish wish(KeyHandle key) throws CustodyException {
    Instant now = clock.instant();
    CertificateTemplate template =
        CertificateProfile.issuing(
            policy.trustDomain(), key.publicKey(), now, now.plus(policy.issuingLifetime()));
    return new Wish(
        CaRequest.signed(template, key),
        template.subject().orElseThrow(),
        policy.issuingLifetime());
  }

  private CaChain checked(KeyHandle key, List<X509Certificate> answer) throws AuthorityException {
    Instant now = clock.instant();
    return policy.check(0, now, now).chain(key.publicKey(), answer, roots);
  }

  private Instant renewAt(Instant end) {
    Instant now = clock.instant();
    return now.plus(Duration.between(now, end).dividedBy(2)); // PROF-6
  }
}
