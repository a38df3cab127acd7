package io.signet.ca.authority;

import io.signet.ca.authority.Cas.Tier;
import io.signet.ca.authority.IssuingLine.Issued;
import io.signet.ca.authority.IssuingLine.Loss;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Recipient;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.x509.NameConstraints;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.TrustBundle;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The two tiers: a CA whose key stays in its custodian, or elsewhere altogether, and the
 * short-lived issuing authority that it has signed and that signs the leaves. The issuing authority
 * travels in every chain, so renewing it changes nobody's trust. Safe for use by many threads.
 */
public final class Authorities {

  private final Cas cas;
  private final AuthorityPolicy policy;
  private final IssuingListener listener;
  private final Clock clock;
  private final IssuingLine line;
  private final Map<Integer, Authority> found = new ConcurrentHashMap<>();
  private volatile Tier tier;
  private volatile Trusted trusted;
  private volatile Instant until = Instant.MAX;

  private Authorities(
      Cas cas, Agreed agreed, AuthorityPolicy policy, IssuingListener listener, Clock clock)
      throws CustodyException, LedgerException, SelfCheckException, AuthorityException {
    this.cas = cas;
    this.policy = policy;
    this.listener = listener;
    this.clock = clock;
    this.trusted = Trusted.of(agreed, cas, policy.trustDomain());
    this.tier = cas.below(agreed.active());
    this.line = new IssuingLine(next(tier, false));
  }

  /**
   * Finds the only CA that there ever was, or makes the first root, and has it sign an issuing
   * authority.
   *
   * @param cas keeps the CA's key
   * @param issuers as for {@link #open(Roots, AuthorityStore, KeyCustodian, Agreed,
   *     AuthorityPolicy, IssuingListener, Clock)}
   * @throws AuthorityException when there is no CA and none is to be made, or the one that is
   *     remembered cannot be used
   */
  public static Authorities open(
      AuthorityStore store,
      KeyCustodian cas,
      KeyCustodian issuers,
      CertificateSigner signer,
      AuthorityPolicy policy,
      Clock clock)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    Roots roots = new Roots(store, cas, signer, policy, clock);
    KeyLabel _ = roots.first();
    return open(roots, store, issuers, Agreed.FIRST, policy, IssuingListener.NONE, clock);
  }

  /**
   * Finds the CA in its custodian and has it sign an issuing authority.
   *
   * @param roots knows the CAs
   * @param issuers keeps the keys of issuing authorities, which are made anew at each start; what
   *     an earlier process has left in it is destroyed
   * @param listener hears of each issuing authority before it takes over
   * @throws AuthorityException when the CA that signs cannot be used
   */
  public static Authorities open(
      Roots roots,
      AuthorityStore store,
      KeyCustodian issuers,
      Agreed agreed,
      AuthorityPolicy policy,
      IssuingListener listener,
      Clock clock)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    IssuingKeys keys = new IssuingKeys(store, issuers, policy.algorithm(), clock);
    keys.destroyLeftovers(roots.custodian()); // what keys.issuing was may have changed
    Cas cas = new Cas.Own(roots, keys, policy, clock);
    return new Authorities(cas, agreed, policy, listener, clock);
  }

  /**
   * Has a CA elsewhere sign an issuing authority.
   *
   * @param roots whom to trust, one of which is above that CA
   * @param issuers as for {@link #open}
   * @param elsewhere another custodian in which an earlier process may have made keys
   * @param listener as for {@code open}
   */
  public static Authorities under(
      UpstreamCa upstream,
      List<X509Certificate> roots,
      AuthorityStore store,
      KeyCustodian issuers,
      KeyCustodian elsewhere,
      AuthorityPolicy policy,
      IssuingListener listener,
      Clock clock)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    IssuingKeys keys = new IssuingKeys(store, issuers, policy.algorithm(), clock);
    keys.destroyLeftovers(elsewhere);
    Certifier certifier = new UpstreamCertifier(upstream, roots, policy, clock);
    Cas cas = new Cas.Elsewhere(new Tier.Issuing(keys, certifier), roots);
    return new Authorities(cas, Agreed.FIRST, policy, listener, clock);
  }

  /**
   * From now on whom to trust is what was agreed on. To be called by one thread, again and again,
   * also while nothing changes; never waits for a custodian.
   *
   * @param known until when that is known to hold: then others may have moved on without us
   */
  public void trust(Agreed agreed, Instant known) throws AuthorityException, LedgerException {
    if (!trusted.agreed().equals(agreed)) {
      trusted = Trusted.of(agreed, cas, policy.trustDomain());
    }
    until = known;
  }

  /**
   * Has the CA that was agreed on sign an issuing authority, if that is another one than now. Until
   * it can, the one before goes on, as long as it is trusted.
   *
   * @throws AuthorityException when the CA cannot be used
   */
  public synchronized void follow()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    int agreed = trusted.agreed().active();
    if (generation() != agreed) {
      Tier next = cas.below(agreed);
      takeOver(next, next(next, isRevoked()));
    }
  }

  /**
   * The authority that signs leaves now.
   *
   * @throws AuthorityException when it has expired or has not begun, or its key is out of use or
   *     gone, and no other was signed yet
   */
  public IssuingAuthority active() throws AuthorityException {
    Issued now = line.active();
    Ca.requireUsable("issuing authority", now.issuing().authority(), clock);
    requireTrusted(now.issuing().generation());
    if (now.lost().isPresent()) {
      throw new AuthorityException(now.lost().get().words() + "; the next one is due");
    }
    return now.issuing();
  }

  private void requireTrusted(int generation) throws AuthorityException {
    trusted.require(generation);
    if (clock.instant().isAfter(until)) {
      throw new AuthorityException(
          "the store does not say which CA is to sign; what it said last was good until " + until);
    }
  }

  /**
   * Whether leaves may still be signed by this one: since it was asked for a CA may have taken
   * over, or it was revoked. Whoever asks this after it has recorded its intent signs nothing that
   * a rotation misses.
   *
   * @throws AuthorityException as {@link #active()}
   */
  public boolean isCurrent(IssuingAuthority by) throws AuthorityException {
    return active().generation() == by.generation() && line.has(by);
  }

  /**
   * When {@link #renew()} is due: at once when the key is out of use (KC-1) or gone, or the
   * authority was revoked, so what was asked before may be too late.
   */
  public Instant renewAt() {
    Issued now = line.active();
    boolean good = now.issuing().authority().inUse() && now.lost().isEmpty();
    return good ? now.issuing().renewAt() : clock.instant();
  }

  /**
   * Whether the custodian still has the key of the issuing authority. If not, {@link #renew()} is
   * due.
   *
   * @throws CustodyException when that cannot be told now
   */
  public boolean holdsKey() throws CustodyException {
    Issued now = line.active();
    boolean gone =
        tier instanceof Tier.Issuing(IssuingKeys keys, _)
            && now.key().isPresent()
            && !keys.holds(now.key().get());
    if (gone) {
      boolean _ = line.lose(now.issuing()::equals, Loss.KEY_GONE);
    }
    // Another one may have taken over meanwhile, and this one's key was destroyed.
    return !gone || !line.active().issuing().equals(now.issuing());
  }

  /**
   * The issuing authority with this certificate was revoked: nothing more is signed with it, and
   * {@link #renew()} is due. Does not wait for one that is being made.
   *
   * @return whether it is the one that signed until now
   */
  public boolean revoked(X509Certificate issuing) {
    return line.lose(one -> one.authority().certificate().equals(issuing), Loss.REVOKED);
  }

  /**
   * Why no leaf can have these DNS names and IP addresses now, if so: a CA above us may be
   * constrained, and leaves with other names would be refused by everybody.
   */
  public Optional<String> refusal(List<String> hosts) {
    try {
      return NameConstraints.refused(active().chain(), policy.trustDomain(), hosts, false)
          .map(name -> name + ": not of the names that our CA may sign");
    } catch (AuthorityException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** Whom to trust: the roots. */
  public TrustBundle bundle() {
    return trusted.bundle();
  }

  /**
   * Whose certificates prove to us who somebody is: the roots but for one that is in wrong hands.
   */
  public TrustBundle accepted() {
    return trusted.accepted();
  }

  /** The generation of the CA under which leaves are signed now. */
  public int generation() {
    return line.active().issuing().generation();
  }

  /**
   * Has the next issuing authority signed, which takes over when the listener has heard of it. When
   * that fails the present one goes on to its end.
   */
  public synchronized void renew()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    takeOver(tier, next(tier, isRevoked()));
  }

  private boolean isRevoked() {
    return line.active().lost().equals(Optional.of(Loss.REVOKED));
  }

  private void takeOver(Tier by, Issued next) {
    tier = by;
    List<KeyHandle> useless = line.followedBy(next, clock.instant());
    if (by instanceof Tier.Issuing(IssuingKeys keys, _)) {
      useless.forEach(keys::retire);
      keys.destroyRetired();
    }
  }

  /**
   * The issuing authorities that nobody else can sign a CRL for: the one that signs leaves now, and
   * those that it has replaced until they end, for what they have signed may live as long.
   */
  public List<Authority> issuing() {
    return tier instanceof Tier.Issuing ? line.usable() : List.of();
  }

  /**
   * The CAs of all generations in the bundle, where their keys are in our custodian; and one that
   * is in wrong hands and has left the bundle, as long as its key is there.
   */
  public List<Authority> cas() throws AuthorityException, CustodyException, LedgerException {
    Agreed agreed = trusted.agreed();
    List<Authority> all = new ArrayList<>();
    for (int generation : agreed.trusted()) {
      Optional<Authority> known = Optional.ofNullable(found.get(generation));
      Optional<Authority> ca = known.isPresent() ? known : cas.authority(generation);
      ca.ifPresent(one -> {
        found.put(generation, one);
        all.add(one);
      });
    }
    Optional<Integer> lost = agreed.compromised().filter(one -> !agreed.trusted().contains(one));
    if (lost.isPresent()) {
      whereItIs(lost.get()).ifPresent(all::add);
    }
    return all;
  }

  // Nobody needs it but to say what is revoked, and the others go on without it.
  private Optional<Authority> whereItIs(int generation) throws CustodyException, LedgerException {
    try {
      return cas.authority(generation);
    } catch (AuthorityException e) {
      return Optional.empty();
    }
  }

  /**
   * Has the CA sign an issuing authority that is somebody else's. Whatever is signed by it is their
   * business.
   *
   * @param key which they are known to hold
   * @param wish how long it shall live, which is at most as long as ours do; absent, zero or
   *     negative: as long
   * @param reason who gets it and what lets them, for the ledger
   * @param to who gets it, for rotations
   * @return the certificate and what is above it, without the root
   * @throws AuthorityException when no CA here signs any, or ours is of no use now
   */
  public List<X509Certificate> certify(
      PublicKey key, Optional<Duration> wish, String reason, Recipient to)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    return switch (tier) {
      case Tier.Issuing(_, OwnCertifier ca) -> {
        requireTrusted(generation());
        yield ca.certify(key, wish, reason, to, () -> ca.generation() == generation());
      }
      case Tier.Issuing _ ->
          throw new AuthorityException(
              "our CA is elsewhere and signs for us alone (expected: authority.root: own or"
                  + " imported)");
      case Tier.Direct _ ->
          throw new AuthorityException(
              "the CA signs leaves only (expected: keys.issuing: memory or custodian)");
    };
  }

  private Issued next(Tier from, boolean isUrgent)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    return switch (from) {
      case Tier.Issuing(IssuingKeys keys, Certifier by) -> certified(keys, by, isUrgent);
      case Tier.Direct(IssuingAuthority ca) -> {
        Ca.requireUsable("CA", ca.authority(), clock);
        yield new Issued(ca, Optional.empty());
      }
    };
  }

  // A key that gets no certificate is of no use, and a renewal that fails is tried again and again.
  private Issued certified(IssuingKeys keys, Certifier by, boolean isUrgent)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    by.requireReady();
    KeyHandle key = keys.make();
    try {
      IssuingAuthority made = by.certify(key);
      listener.made(made, isUrgent);
      return new Issued(made, Optional.of(key));
    } catch (AuthorityException
        | CustodyException
        | LedgerException
        | SelfCheckException
        | RuntimeException e) {
      keys.abandon(key);
      throw e;
    }
  }
}
