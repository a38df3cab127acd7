package io.signet.ca.authority;

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
import io.signet.spiffe.TrustBundle;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The two tiers: a root whose key stays in its custodian, and the short-lived issuing authority
 * that the root has signed and that signs the leaves. The issuing authority travels in every chain,
 * so renewing it changes nobody's trust. Safe for use by many threads.
 */
public final class Authorities {

  private static final long FIRST_BUNDLE = 1;

  private final KeyCustodian issuers;
  private final CertificateSigner signer;
  private final AuthorityPolicy policy;
  private final Clock clock;
  private final Authority root;
  private final TrustBundle bundle;
  private final AtomicLong made = new AtomicLong();
  private final Deque<KeyHandle> retired = new ArrayDeque<>();
  private volatile IssuingAuthority active;

  private Authorities(
      KeyCustodian issuers,
      CertificateSigner signer,
      AuthorityPolicy policy,
      Clock clock,
      Authority root)
      throws CustodyException, LedgerException, SelfCheckException, AuthorityException {
    this.issuers = issuers;
    this.signer = signer;
    this.policy = policy;
    this.clock = clock;
    this.root = root;
    this.bundle =
        new TrustBundle(
            policy.trustDomain(), FIRST_BUNDLE, List.of(root.certificate()), Optional.empty());
    this.active = next();
  }

  /**
   * Finds the root or makes the first one, and has it sign an issuing authority.
   *
   * @param roots keeps the root's key
   * @param issuers keeps the keys of issuing authorities, which are made anew at each start; one
   *     that forgets them when the process ends
   * @throws AuthorityException when the root that is remembered cannot be used
   */
  public static Authorities open(
      AuthorityStore store,
      KeyCustodian roots,
      KeyCustodian issuers,
      CertificateSigner signer,
      AuthorityPolicy policy,
      Clock clock)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    Authority root = new RootKeeper(store, roots, signer, policy, clock).root();
    return new Authorities(issuers, signer, policy, clock, root);
  }

  /**
   * The authority that signs leaves now.
   *
   * @throws AuthorityException when it has expired and no other could be signed
   */
  public IssuingAuthority active() throws AuthorityException {
    IssuingAuthority now = active;
    if (clock.instant().isAfter(now.authority().notAfter())) {
      throw new AuthorityException(
          "the issuing authority expired at " + now.authority().notAfter());
    }
    return now;
  }

  /** When {@link #renew()} is due. */
  public Instant renewAt() {
    return active.renewAt();
  }

  /** Whom to trust: the root. */
  public TrustBundle bundle() {
    return bundle;
  }

  /**
   * Has the root sign the next issuing authority, which takes over at once. When that fails the
   * present one goes on to its end.
   */
  public synchronized void renew()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    IssuingAuthority previous = active;
    active = next();
    destroyRetired();
    retired.add(previous.authority().key());
  }

  // One renewal later than it was replaced: whoever had taken it by then has long signed with it.
  private void destroyRetired() {
    retired.removeIf(this::destroyed);
  }

  private boolean destroyed(KeyHandle key) {
    try {
      issuers.destroy(key);
      return true;
    } catch (CustodyException e) {
      // Its successor signs all the same; the next renewal tries again.
      System.getLogger(Authorities.class.getName())
          .log(System.Logger.Level.WARNING, "key " + key.label() + " could not be destroyed", e);
      return false;
    }
  }

  private IssuingAuthority next()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    Instant now = clock.instant();
    Instant end = earlier(now.plus(policy.issuingLifetime()), root.notAfter());
    if (!now.isBefore(end)) {
      throw new AuthorityException("the root expired at " + root.notAfter());
    }
    Authority authority = generated(now, end);
    return new IssuingAuthority(authority, List.of(authority.certificate()), renewAt(now, end));
  }

  // Half of its life is left for the leaves that it signed last (PROF-6). The last one before the
  // root's end has no successor that could live longer.
  private Instant renewAt(Instant now, Instant end) {
    return end.isBefore(root.notAfter()) ? now.plus(Duration.between(now, end).dividedBy(2)) : end;
  }

  // A key that gets no certificate is of no use, and a renewal that fails is tried again and again.
  private Authority generated(Instant now, Instant end)
      throws CustodyException, LedgerException, SelfCheckException {
    KeyHandle key = issuers.generate(label(), policy.algorithm());
    try {
      return signed(key, now, end);
    } catch (CustodyException | LedgerException | SelfCheckException | RuntimeException e) {
      if (!destroyed(key)) {
        retired.add(key);
      }
      throw e;
    }
  }

  private Authority signed(KeyHandle key, Instant now, Instant end)
      throws CustodyException, LedgerException, SelfCheckException {
    CertificateTemplate template =
        CertificateProfile.issuing(policy.trustDomain(), key.publicKey(), now, end);
    X509Certificate certificate =
        signer.issue(signer.prepare(CertificateProfile.ISSUING, template, root));
    return new Authority(key, certificate);
  }

  private KeyLabel label() {
    return new KeyLabel("issuing-" + made.incrementAndGet());
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
