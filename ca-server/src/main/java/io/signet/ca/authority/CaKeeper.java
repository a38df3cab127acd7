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
import io.signet.hsm.PublicKeys;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Finds the CAs that the store remembers, and makes roots. */
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

  /** The first CA; a root is made if there is none. */
  Ca first() throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    return chain(Ca.FIRST).isPresent() ? ca(Ca.FIRST) : firstRoot();
  }

  /**
   * The CA of this generation.
   *
   * @throws AuthorityException when there is none, or it cannot be used
   */
  Ca ca(int generation) throws AuthorityException, CustodyException, LedgerException {
    Optional<CaRecord> known = store.ca(generation);
    Optional<CaChain> chain = known.flatMap(CaRecord::chain);
    if (chain.isEmpty()) {
      throw new AuthorityException("there is no CA of generation " + generation);
    }
    return found(generation, known.get().label(), chain.get());
  }

  /** What was signed for that CA, if it was made. */
  Optional<CaChain> chain(int generation) throws LedgerException {
    return store.ca(generation).flatMap(CaRecord::chain);
  }

  /** Whether that CA was made, and its key is in the custodian. */
  boolean isUsable(int generation) throws CustodyException, LedgerException {
    Optional<CaRecord> known = store.ca(generation);
    Optional<CaChain> chain = known.flatMap(CaRecord::chain);
    if (chain.isEmpty()) {
      return false;
    }
    PublicKey key = chain.get().certificate().getPublicKey();
    // By its label first, which is one question to Vault.
    return custodian
            .find(known.get().label())
            .filter(found -> PublicKeys.same(found.publicKey(), key))
            .isPresent()
        || custodian.find(key).isPresent();
  }

  /** Makes whatever is not there of the root of this generation. */
  void makeRoot(int generation, KeyLabel label)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    if (chain(generation).isEmpty()) {
      KeyHandle key = new CaKey(store, custodian, policy, clock).made(generation, label);
      CaChain _ = establish(key, rootLifetime());
    }
  }

  private Ca found(int generation, KeyLabel label, CaChain chain)
      throws AuthorityException, CustodyException {
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
    return new Ca(generation, new Authority(key, certificate, ChainCheck.end(checked)), checked);
  }

  private Ca firstRoot()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    Duration lifetime = rootLifetime();
    KeyHandle key = new CaKey(store, custodian, policy, clock).found(CaKey.Kind.ROOT);
    CaChain chain = establish(key, lifetime);
    return new Ca(Ca.FIRST, new Authority(key, chain.certificate()), chain);
  }

  private Duration rootLifetime() throws AuthorityException {
    return policy
        .rootLifetime()
        .orElseThrow(() ->
            new AuthorityException(
                "authority.root: imported, but no CA was imported yet (expected: signet"
                    + " authority csr, and signet authority import of what is signed for it)"));
  }

  private CaChain establish(KeyHandle key, Duration lifetime)
      throws CustodyException, LedgerException, SelfCheckException {
    Instant now = clock.instant();
    CertificateTemplate template =
        CertificateProfile.root(policy.trustDomain(), key.publicKey(), now, now.plus(lifetime));
    X509Certificate certificate = signer.issue(signer.prepareRoot(template, key));
    CaChain chain = CaChain.root(certificate);
    store.establish(key.label(), chain);
    return chain;
  }
}
