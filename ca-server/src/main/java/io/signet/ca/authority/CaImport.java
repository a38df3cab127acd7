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
  private final Clock clock;

  /** Puts the key of an import under a label of the custodian. */
  public interface Import {
    KeyHandle under(KeyLabel label) throws CustodyException;
  }

  public CaImport(
      AuthorityStore store, KeyCustodian custodian, AuthorityPolicy policy, Clock clock) {
    this.store = store;
    this.custodian = custodian;
    this.policy = policy;
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
    Optional<CaChain> present = present();
    KeyHandle key =
        present.isPresent()
            ? keyOf(present.get())
            : new CaKey(store, custodian, policy, clock).found(CaKey.Kind.CA);
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
    KeyHandle key = asked();
    CaChain chain = checked(key.publicKey(), given, roots);
    if (chain.withoutRoot().isEmpty()) {
      throw new AuthorityException(
          "roots: the CA itself is one of them (expected: the roots above it)");
    }
    store.establish(label(), chain);
    return chain;
  }

  private KeyHandle asked() throws AuthorityException, CustodyException, LedgerException {
    Optional<CaChain> present = present();
    if (present.isPresent()) {
      return keyOf(present.get());
    }
    KeyLabel label = label();
    return custodian
        .find(label)
        .orElseThrow(() ->
            new AuthorityException(
                "the custodian holds no key %s (expected: the one of the request)"
                    .formatted(label)));
  }

  private KeyLabel label() throws AuthorityException, LedgerException {
    return store
        .ca()
        .orElseThrow(() ->
            new AuthorityException(
                "there is no key of ours yet (expected: signet authority csr before)"))
        .label();
  }

  // KC-2: certified anew is the key that signs now, and no other of its label.
  private KeyHandle keyOf(CaChain present) throws AuthorityException, CustodyException {
    return custodian
        .find(present.certificate().getPublicKey())
        .orElseThrow(() ->
            new AuthorityException(
                "the custodian does not hold the key of \"%s\" (is this the one that has it?)"
                    .formatted(present.certificate().getSubjectX500Principal())));
  }

  private Optional<CaChain> present() throws LedgerException {
    return store.ca().flatMap(CaRecord::chain);
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
    if (present().equals(Optional.of(chain))) {
      return chain; // it was taken over before
    }
    requireNoRoot();
    KeyHandle held = new CaKey(store, custodian, policy, clock).takenIn(imported);
    if (!PublicKeys.same(held.publicKey(), key)) {
      throw new AuthorityException(
          ("the custodian's key %s is another (expected: none, or that of the CA to import; after"
                  + " signet authority csr begin with a new data directory)")
              .formatted(held.label()));
    }
    store.establish(held.label(), chain);
    return chain;
  }

  private void requireNoOther(PublicKey key) throws AuthorityException, LedgerException {
    Optional<CaChain> now = present();
    if (now.isPresent() && !PublicKeys.same(now.get().certificate().getPublicKey(), key)) {
      throw new AuthorityException(
          "there is a CA already: %s (expected: none; to change it is a rotation)"
              .formatted(now.get().certificate().getSubjectX500Principal()));
    }
  }

  private void requireNoRoot() throws AuthorityException, LedgerException {
    Optional<CaChain> now = present();
    if (now.isPresent() && now.get().withoutRoot().isEmpty()) {
      throw new AuthorityException(
          "there is a root of our own: %s (expected: none; to change it is a rotation)"
              .formatted(now.get().certificate().getSubjectX500Principal()));
    }
  }

  private CaChain checked(PublicKey key, List<X509Certificate> given, List<X509Certificate> roots)
      throws AuthorityException, LedgerException {
    requireRules(roots);
    Instant now = clock.instant();
    Instant until = now.plus(policy.issuingLifetime());
    CaChain chain = policy.check(policy.below(), now, until).chain(key, given, roots);
    Optional<CaChain> present = present();
    if (present.isPresent()) {
      requireBelief(present.get(), chain);
    }
    return chain;
  }

  private void requireRules(List<X509Certificate> roots) throws AuthorityException {
    try {
      var _ = new TrustBundle(policy.trustDomain(), 0, roots, Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new AuthorityException("roots: " + e.getMessage(), e);
    }
  }

  // K8S-52, 54: whoever has the bundle of now shall believe what comes, and whoever has the next
  // one what was issued until now.
  private static void requireBelief(CaChain now, CaChain next) throws AuthorityException {
    Set<X509Certificate> before = Set.copyOf(now.roots());
    Set<X509Certificate> after = Set.copyOf(next.roots());
    boolean step = before.containsAll(after) || after.containsAll(before);
    if (!step
        || !before.contains(ChainCheck.anchor(next))
        || !after.contains(ChainCheck.anchor(now))) {
      throw new AuthorityException(
          ("roots %s instead of %s, below which the CA is by \"%s\" instead of \"%s\" (expected:"
                  + " first a root more, then the CA below it, then a root less)")
              .formatted(
                  names(after),
                  names(before),
                  ChainCheck.anchor(next).getSubjectX500Principal(),
                  ChainCheck.anchor(now).getSubjectX500Principal()));
    }
  }

  private static List<String> names(Set<X509Certificate> roots) {
    return roots.stream().map(root -> root.getSubjectX500Principal().toString()).sorted().toList();
  }
}
