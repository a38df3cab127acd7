package io.signet.ca.authority;

import io.signet.ca.authority.AuthorityStore.CaRecord;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CaRequest;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.PublicKeys;
import io.signet.spiffe.TrustBundle;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Puts a CA whose certificate comes from elsewhere into the place of a root of our own: one that
 * was signed for our key, or one that brings its key along. Nothing changes before all of it was
 * checked. For one thread, while no server runs on the same store.
 */
public final class CaImport {

  private final AuthorityStore store;
  private final KeyCustodian custodian;
  private final AuthorityPolicy policy;
  private final List<String> hosts;
  private final Clock clock;

  /** Puts the key of an import under a label of the custodian. */
  public interface Import {
    KeyHandle under(KeyLabel label) throws CustodyException;
  }

  /**
   * @param hosts names that leaves will have besides their SPIFFE IDs
   */
  public CaImport(
      AuthorityStore store,
      KeyCustodian custodian,
      AuthorityPolicy policy,
      List<String> hosts,
      Clock clock) {
    this.store = store;
    this.custodian = custodian;
    this.policy = policy;
    this.hosts = List.copyOf(hosts);
    this.clock = clock;
  }

  /**
   * Asks for a certificate of the CA's key, which is made by the first request.
   *
   * @return PKCS#10, DER
   * @throws AuthorityException when there is a root of our own
   */
  public byte[] request() throws AuthorityException, CustodyException, LedgerException {
    requireNoRoot();
    KeyHandle key = new CaKey(store, custodian, policy, clock).found("ca");
    Instant now = clock.instant();
    Instant end = now.plus(policy.issuingLifetime());
    CertificateTemplate wish =
        policy.direct()
            ? CertificateProfile.issuing(policy.trustDomain(), key.publicKey(), now, end)
            : CertificateProfile.intermediate(policy.trustDomain(), key.publicKey(), now, end);
    return CaRequest.signed(wish, key);
  }

  /**
   * Takes the certificate that was signed for the key of {@link #request}.
   *
   * @param given certificates in any order, its own among them
   * @param roots whom to trust
   * @throws AuthorityException when it is not what was asked for; nothing has changed
   */
  public CaChain accept(List<X509Certificate> given, List<X509Certificate> roots)
      throws AuthorityException, CustodyException, LedgerException {
    requireNoRoot();
    KeyLabel label =
        store
            .ca()
            .orElseThrow(() ->
                new AuthorityException(
                    "there is no key of ours yet (expected: signet authority csr before)"))
            .label();
    KeyHandle key =
        custodian
            .find(label)
            .orElseThrow(() ->
                new AuthorityException(
                    "the custodian holds no key %s (expected: the one of the request)"
                        .formatted(label)));
    CaChain chain = checked(key.publicKey(), given, roots);
    store.establish(label, chain);
    return chain;
  }

  /**
   * Takes over a CA with its key.
   *
   * @param key the public half of it
   * @param given certificates in any order, the CA's own among them
   * @param roots whom to trust
   * @param imported puts the private key into the custodian
   * @throws AuthorityException when it cannot be used, or there is a CA already; nothing has
   *     changed
   */
  public CaChain takeOver(
      PublicKey key, List<X509Certificate> given, List<X509Certificate> roots, Import imported)
      throws AuthorityException, CustodyException, LedgerException {
    requireNoOther(key);
    CaChain chain = checked(key, given, roots);
    KeyHandle held = new CaKey(store, custodian, policy, clock).takenIn("ca", imported);
    if (!PublicKeys.same(held.publicKey(), key)) {
      throw new AuthorityException(
          "the custodian's key %s is another (expected: none, or that of the CA to import)"
              .formatted(held.label()));
    }
    store.establish(held.label(), chain);
    return chain;
  }

  private void requireNoOther(PublicKey key) throws AuthorityException, LedgerException {
    Optional<CaChain> now = store.ca().flatMap(CaRecord::chain);
    if (now.isPresent() && !PublicKeys.same(now.get().certificate().getPublicKey(), key)) {
      throw new AuthorityException(
          "there is a CA already: %s (expected: none; to change it is a rotation)"
              .formatted(now.get().certificate().getSubjectX500Principal()));
    }
  }

  private void requireNoRoot() throws AuthorityException, LedgerException {
    Optional<CaChain> now = store.ca().flatMap(CaRecord::chain);
    if (now.isPresent() && now.get().withoutRoot().isEmpty()) {
      throw new AuthorityException(
          "there is a root of our own: %s (expected: none; to change it is a rotation)"
              .formatted(now.get().certificate().getSubjectX500Principal()));
    }
  }

  private CaChain checked(PublicKey key, List<X509Certificate> given, List<X509Certificate> roots)
      throws AuthorityException, LedgerException {
    requireRoots(roots);
    Instant now = clock.instant();
    Instant until = now.plus(policy.issuingLifetime());
    return new ChainCheck(policy.trustDomain(), hosts, policy.below(), now, until)
        .chain(key, given, roots);
  }

  // K8S-54: whoever has the bundle of now shall believe what comes, and the other way round.
  private void requireRoots(List<X509Certificate> roots)
      throws AuthorityException, LedgerException {
    try {
      var _ = new TrustBundle(policy.trustDomain(), 0, roots, Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new AuthorityException("roots: " + e.getMessage(), e);
    }
    Set<X509Certificate> next = new HashSet<>(roots);
    Set<X509Certificate> now =
        store
            .ca()
            .flatMap(CaRecord::chain)
            .map(chain -> Set.copyOf(chain.roots()))
            .orElse(Set.of());
    if (!next.containsAll(now) && !now.containsAll(next)) {
      throw new AuthorityException(
          ("roots: neither all of those that are trusted now, nor some of them (expected: %s, and"
                  + " more or less of them at a time)")
              .formatted(
                  now.stream().map(root -> root.getSubjectX500Principal().toString()).toList()));
    }
  }
}
