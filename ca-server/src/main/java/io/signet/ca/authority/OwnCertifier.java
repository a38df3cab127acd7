package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyHandle;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Issuing authorities that the CA in our custodian signs. */
final class OwnCertifier implements Certifier {

  private static final Logger LOG = LoggerFactory.getLogger(OwnCertifier.class);

  private final Ca ca;
  private final CertificateSigner signer;
  private final AuthorityPolicy policy;
  private final Clock clock;

  OwnCertifier(Ca ca, CertificateSigner signer, AuthorityPolicy policy, Clock clock) {
    this.ca = ca;
    this.signer = signer;
    this.policy = policy;
    this.clock = clock;
  }

  @Override
  public void requireReady() throws AuthorityException {
    boolean root = ca.chain().withoutRoot().isEmpty();
    Ca.requireUsable(root ? "root" : "CA", ca.authority(), clock);
  }

  @Override
  public IssuingAuthority certify(KeyHandle key)
      throws CustodyException, LedgerException, SelfCheckException {
    Instant now = clock.instant();
    Instant end = earlier(now.plus(policy.issuingLifetime()), ca.authority().notAfter());
    if (end.equals(ca.authority().notAfter())) {
      LOG.warn("the CA ends at {}, and with it all that it signs; have it certified anew", end);
    }
    CertificateTemplate template =
        CertificateProfile.issuing(policy.trustDomain(), key.publicKey(), now, end);
    X509Certificate certificate =
        signer.issue(signer.prepare(CertificateProfile.ISSUING, template, ca.authority()));
    List<X509Certificate> chain =
        Stream.concat(Stream.of(certificate), ca.chain().withoutRoot().stream()).toList();
    return new IssuingAuthority(new Authority(key, certificate), chain, renewAt(now, end));
  }

  // Half of its life is left for the leaves that it signed last (PROF-6). The last one before the
  // CA's end has no successor that could live longer.
  private Instant renewAt(Instant now, Instant end) {
    return end.isBefore(ca.authority().notAfter())
        ? now.plus(Duration.between(now, end).dividedBy(2))
        : end;
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
