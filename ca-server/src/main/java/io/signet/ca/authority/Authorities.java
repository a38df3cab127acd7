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
import io.signet.spiffe.TrustBundle;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The two tiers: a root whose key stays in its custodian, and the short-lived issuing authority
 * that the root has signed and that signs the leaves. The issuing authority travels in every chain,
 * so renewing it changes nobody's trust. Safe for use by many threads.
 */
public final class Authorities {

  private static final long FIRST_BUNDLE = 1;

  private final IssuingKeys keys;
  private final CertificateSigner signer;
  private final AuthorityPolicy policy;
  private final Clock clock;
  private final Authority root;
  private final TrustBundle bundle;
  private volatile Active active;

  /** The key is held beside its authority, for it has to be destroyed one day. */
  private record Active(IssuingAuthority issuing, KeyHandle key) {}

  private Authorities(
      IssuingKeys keys,
      CertificateSigner signer,
      AuthorityPolicy policy,
      Clock clock,
      Authority root)
      throws CustodyException, LedgerException, SelfCheckException, AuthorityException {
    this.keys = keys;
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
   * @param issuers keeps the keys of issuing authorities, which are made anew at each start; what
   *     an earlier process has left in it is destroyed
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
    IssuingKeys keys = new IssuingKeys(store, issuers, policy.algorithm(), clock);
    keys.destroyLeftovers(roots); // what keys.issuing was may have changed
    return new Authorities(keys, signer, policy, clock, root);
  }

  /**
   * The authority that signs leaves now.
   *
   * @throws AuthorityException when it has expired or has not begun, or its key is out of use, and
   *     no other was signed yet
   */
  public IssuingAuthority active() throws AuthorityException {
    IssuingAuthority now = active.issuing();
    requireBegun("issuing authority", now.authority());
    if (clock.instant().isAfter(now.authority().notAfter())) {
      throw new AuthorityException(
          "the issuing authority expired at " + now.authority().notAfter());
    }
    requireInUse("issuing authority", now.authority());
    return now;
  }

  // The clock was set back: nobody would believe what it signs, and some of it would end before.
  private void requireBegun(String what, Authority authority) throws AuthorityException {
    Instant now = clock.instant();
    if (now.isBefore(authority.notBefore())) {
      throw new AuthorityException(
          "the %s begins at %s; it is now %s (is the clock of this machine right?)"
              .formatted(what, authority.notBefore(), now));
    }
  }

  // Each try would leave an intent behind that nothing ever finishes.
  private static void requireInUse(String what, Authority authority) throws AuthorityException {
    if (!authority.inUse()) {
      throw new AuthorityException(
          "the key of %s \"%s\" is out of use: a signature of it did not verify"
              .formatted(what, authority.certificate().getSubjectX500Principal()));
    }
  }

  /**
   * When {@link #renew()} is due: at once when the key is out of use (KC-1), so what was asked
   * before may be too late.
   */
  public Instant renewAt() {
    IssuingAuthority now = active.issuing();
    return now.authority().inUse() ? now.renewAt() : clock.instant();
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
    KeyHandle previous = active.key();
    active = next();
    // One renewal later than it was replaced: whoever had taken it by then has long signed with it.
    keys.destroyRetired();
    keys.retire(previous);
  }

  private Active next()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    Instant now = clock.instant();
    Instant end = earlier(now.plus(policy.issuingLifetime()), root.notAfter());
    if (!now.isBefore(end)) {
      throw new AuthorityException("the root expired at " + root.notAfter());
    }
    requireBegun("root", root);
    requireInUse("root", root);
    return generated(now, end);
  }

  // A key that gets no certificate is of no use, and a renewal that fails is tried again and again.
  private Active generated(Instant now, Instant end)
      throws CustodyException, LedgerException, SelfCheckException {
    KeyHandle key = keys.make();
    try {
      return new Active(signed(key, now, end), key);
    } catch (CustodyException | LedgerException | SelfCheckException | RuntimeException e) {
      keys.abandon(key);
      throw e;
    }
  }

  private IssuingAuthority signed(KeyHandle key, Instant now, Instant end)
      throws CustodyException, LedgerException, SelfCheckException {
    CertificateTemplate template =
        CertificateProfile.issuing(policy.trustDomain(), key.publicKey(), now, end);
    X509Certificate certificate =
        signer.issue(signer.prepare(CertificateProfile.ISSUING, template, root));
    return new IssuingAuthority(
        new Authority(key, certificate), List.of(certificate), renewAt(now, end));
  }

  // Half of its life is left for the leaves that it signed last (PROF-6). The last one before the
  // root's end has no successor that could live longer.
  private Instant renewAt(Instant now, Instant end) {
    return end.isBefore(root.notAfter()) ? now.plus(Duration.between(now, end).dividedBy(2)) : end;
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
