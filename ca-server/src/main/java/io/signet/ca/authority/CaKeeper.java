package io.signet.ca.authority;

import io.signet.ca.authority.AuthorityStore.CaRecord;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Finds the CA that the store remembers, or makes the first root. */
final class CaKeeper {

  private final AuthorityStore store;
  private final KeyCustodian custodian;
  private final CertificateSigner signer;
  private final AuthorityPolicy policy;
  private final Clock clock;

  CaKeeper(
      AuthorityStore store,
      KeyCustodian custodian,
      CertificateSigner signer,
      AuthorityPolicy policy,
      Clock clock) {
    this.store = store;
    this.custodian = custodian;
    this.signer = signer;
    this.policy = policy;
    this.clock = clock;
  }

  Ca ca() throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    Optional<CaRecord> known = store.ca();
    Optional<CaChain> chain = known.flatMap(CaRecord::chain);
    return chain.isPresent() ? found(known.get().label(), chain.get()) : root();
  }

  private Ca found(KeyLabel label, CaChain chain) throws AuthorityException, CustodyException {
    Instant now = clock.instant();
    X509Certificate certificate = chain.certificate();
    CaChain checked =
        policy
            .check(policy.below(), now, now)
            .chain(certificate.getPublicKey(), chain.withRoot(), chain.roots());
    KeyHandle key =
        custodian
            .find(certificate.getPublicKey())
            .orElseThrow(() ->
                new AuthorityException(
                    ("the custodian does not hold the key of root \"%s\" (expected: the key"
                            + " made as %s; is this the custodian that made it?)")
                        .formatted(certificate.getSubjectX500Principal(), label)));
    return new Ca(Ca.FIRST, new Authority(key, certificate, ChainCheck.end(checked)), checked);
  }

  private Ca root()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    Duration lifetime =
        policy
            .rootLifetime()
            .orElseThrow(() ->
                new AuthorityException(
                    "authority.root: imported, but no CA was imported yet (expected: signet"
                        + " authority csr, and signet authority import of what is signed for it)"));
    CaKey key = new CaKey(store, custodian, policy, clock);
    return established(key.found(CaKey.Kind.ROOT), lifetime);
  }

  private Ca established(KeyHandle key, Duration lifetime)
      throws CustodyException, LedgerException, SelfCheckException {
    Instant now = clock.instant();
    CertificateTemplate template =
        CertificateProfile.root(policy.trustDomain(), key.publicKey(), now, now.plus(lifetime));
    X509Certificate certificate = signer.issue(signer.prepareRoot(template, key));
    CaChain chain = CaChain.root(certificate);
    store.establish(key.label(), chain);
    return new Ca(Ca.FIRST, new Authority(key, certificate), chain);
  }
}
