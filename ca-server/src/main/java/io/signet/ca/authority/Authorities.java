package io.signet.ca.authority;

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
import java.util.stream.Stream;

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
  private final Map<Integer, Authority> found = new ConcurrentHashMap<>();
  private volatile Tier tier;
  private volatile Trusted trusted;
  private volatile Active active;
  private volatile List<Active> retired = List.of();
  private volatile Instant until = Instant.MAX;

  /**
   * The key is held beside its authority, for it has to be destroyed one day.
   *
   * @param lost why it is of no use any more, if so
   */
  private record Active(IssuingAuthority issuing, Optional<KeyHandle> key, Optional<String> lost) {
    Active(IssuingAuthority issuing, Optional<KeyHandle> key) {
      this(issuing, key, Optional.empty());
    }

    Active lost(String why) {
      return new Active(issuing, key, Optional.of(why));
    }
  }

  /**
   * What was agreed on, and what it means.
   *
   * @param bundle whom others are told to trust
   * @param accepted whom we trust ourselves when somebody shows a certificate of ours
   */
  private record Trusted(Agreed agreed, TrustBundle bundle, TrustBundle accepted) {}

  /** Where the authorities that sign leaves come from. */
  private sealed interface Tier {

    /** Keys of their own, certified one after the other. */
    record Issuing(IssuingKeys keys, Certifier by) implements Tier {}

    /** The CA itself signs. */
    record Direct(IssuingAuthority ca) implements Tier {}
  }

  /** The CAs of all generations. */
  private interface Cas {

    /** Has it sign for us. */
    Tier below(int generation) throws AuthorityException, CustodyException, LedgerException;

    /** It itself, if its key is in our custodian. */
    Optional<Authority> authority(int generation)
        throws AuthorityException, CustodyException, LedgerException;

    /** Whom to trust because of it. */
    List<X509Certificate> roots(int generation) throws AuthorityException, LedgerException;
  }

  private Authorities(
      Cas cas, Agreed agreed, AuthorityPolicy policy, IssuingListener listener, Clock clock)
      throws CustodyException, LedgerException, SelfCheckException, AuthorityException {
    this.cas = cas;
    this.policy = policy;
    this.listener = listener;
    this.clock = clock;
    this.trusted = trusted(agreed);
    this.tier = cas.below(agreed.active());
    this.active = next(tier);
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
    Cas cas = new OwnCas(roots, keys, policy, clock);
    return new Authorities(cas, agreed, policy, listener, clock);
  }

  private record OwnCas(Roots all, IssuingKeys keys, AuthorityPolicy policy, Clock clock)
      implements Cas {
    @Override
    public Tier below(int generation) throws AuthorityException, CustodyException, LedgerException {
      Ca ca = all.ca(generation);
      return policy.direct()
          ? new Tier.Direct(
              new IssuingAuthority(
                  generation, ca.authority(), ca.chain().withoutRoot(), ca.authority().notAfter()))
          : new Tier.Issuing(keys, new OwnCertifier(ca, all.signer(), policy, clock));
    }

    @Override
    public Optional<Authority> authority(int generation)
        throws AuthorityException, CustodyException, LedgerException {
      return Optional.of(all.ca(generation).authority());
    }

    @Override
    public List<X509Certificate> roots(int generation) throws AuthorityException, LedgerException {
      return all.chain(generation)
          .orElseThrow(() -> new AuthorityException("there is no CA of generation " + generation))
          .roots();
    }
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
    Cas cas = new CaElsewhere(new Tier.Issuing(keys, certifier), roots);
    return new Authorities(cas, Agreed.FIRST, policy, listener, clock);
  }

  private record CaElsewhere(Tier tier, List<X509Certificate> roots) implements Cas {
    @Override
    public Tier below(int generation) {
      return tier;
    }

    @Override
    public Optional<Authority> authority(int generation) {
      return Optional.empty();
    }

    @Override
    public List<X509Certificate> roots(int generation) {
      return roots;
    }
  }

  private Trusted trusted(Agreed agreed) throws AuthorityException, LedgerException {
    List<X509Certificate> all = new ArrayList<>();
    List<X509Certificate> accepted = new ArrayList<>();
    for (int generation : agreed.trusted()) {
      List<X509Certificate> roots = cas.roots(generation);
      all.addAll(roots);
      if (!agreed.compromised().equals(Optional.of(generation))) {
        accepted.addAll(roots);
      }
    }
    return new Trusted(agreed, bundle(agreed, all), bundle(agreed, accepted));
  }

  private TrustBundle bundle(Agreed agreed, List<X509Certificate> roots) {
    return new TrustBundle(policy.trustDomain(), agreed.bundle(), roots, Optional.empty());
  }

  /**
   * From now on whom to trust is what was agreed on. To be called by one thread, again and again,
   * also while nothing changes; never waits for a custodian.
   *
   * @param known until when that is known to hold: then others may have moved on without us
   */
  public void trust(Agreed agreed, Instant known) throws AuthorityException, LedgerException {
    if (!trusted.agreed().equals(agreed)) {
      trusted = trusted(agreed);
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
    if (active.issuing().generation() != agreed) {
      Tier next = cas.below(agreed);
      takeOver(next, next(next));
    }
  }

  /**
   * The authority that signs leaves now.
   *
   * @throws AuthorityException when it has expired or has not begun, or its key is out of use or
   *     gone, and no other was signed yet
   */
  public IssuingAuthority active() throws AuthorityException {
    Active now = active;
    Ca.requireUsable("issuing authority", now.issuing().authority(), clock);
    requireTrusted(now.issuing());
    if (now.lost().isPresent()) {
      throw new AuthorityException(now.lost().get() + "; the next one is due");
    }
    return now.issuing();
  }

  private void requireTrusted(IssuingAuthority issuing) throws AuthorityException {
    if (!trusted.agreed().trusted().contains(issuing.generation())) {
      throw new AuthorityException(
          "the CA of generation %d is not trusted any more, and that of %d cannot be used yet"
              .formatted(issuing.generation(), trusted.agreed().active()));
    }
    if (clock.instant().isAfter(until)) {
      throw new AuthorityException(
          "the store does not say which CA is to sign; what it said last was good until " + until);
    }
  }

  /**
   * Whether leaves may still be signed by this one: a CA may have taken over since it was asked
   * for. Whoever asks this after it has recorded its intent signs nothing that a rotation misses.
   *
   * @throws AuthorityException as {@link #active()}
   */
  public boolean isCurrent(IssuingAuthority by) throws AuthorityException {
    return active().generation() == by.generation();
  }

  /**
   * When {@link #renew()} is due: at once when the key is out of use (KC-1) or gone, or the
   * authority was revoked, so what was asked before may be too late.
   */
  public Instant renewAt() {
    Active now = active;
    boolean good = now.issuing().authority().inUse() && now.lost().isEmpty();
    return good ? now.issuing().renewAt() : clock.instant();
  }

  /**
   * Whether the custodian still has the key of the issuing authority. If not, {@link #renew()} is
   * due.
   *
   * @throws CustodyException when that cannot be told now
   */
  public synchronized boolean holdsKey() throws CustodyException {
    Active now = active;
    boolean gone =
        tier instanceof Tier.Issuing(IssuingKeys keys, _)
            && now.key().isPresent()
            && !keys.holds(now.key().get());
    if (gone) {
      active = now.lost("the key of the issuing authority is not in its custodian any more");
    }
    return !gone;
  }

  /**
   * The issuing authority with this certificate was revoked: nothing more is signed with it, and
   * {@link #renew()} is due.
   *
   * @return whether it is the one that signs now
   */
  public synchronized boolean revoked(X509Certificate issuing) {
    Active now = active;
    boolean signs = now.issuing().authority().certificate().equals(issuing);
    if (signs && now.lost().isEmpty()) {
      active = now.lost("the issuing authority was revoked");
    }
    return signs;
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
    return active.issuing().generation();
  }

  /**
   * Has the next issuing authority signed, which takes over when the listener has heard of it. When
   * that fails the present one goes on to its end.
   */
  public synchronized void renew()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    takeOver(tier, next(tier));
  }

  private void takeOver(Tier by, Active next) {
    Active previous = active;
    tier = by;
    active = next;
    if (by instanceof Tier.Issuing(IssuingKeys keys, _)) {
      List<Active> replaced = Stream.concat(retired.stream(), Stream.of(previous)).toList();
      retired = replaced.stream().filter(this::lives).toList();
      replaced.stream()
          .filter(each -> !lives(each))
          .flatMap(each -> each.key().stream())
          .forEach(keys::retire);
      keys.destroyRetired();
    }
  }

  // What a key cannot sign with any more needs no keeping.
  private boolean lives(Active issuing) {
    Authority authority = issuing.issuing().authority();
    return clock.instant().isBefore(authority.notAfter())
        && authority.inUse()
        && issuing.lost().isEmpty();
  }

  /**
   * The issuing authorities that nobody else can sign a CRL for: the one that signs leaves now, and
   * those that it has replaced until they end, for what they have signed may live as long.
   */
  public List<Authority> issuing() {
    return tier instanceof Tier.Issuing
        ? Stream.concat(Stream.of(active), retired.stream())
            .map(each -> each.issuing().authority())
            .filter(Authority::inUse)
            .toList()
        : List.of();
  }

  /** The CAs of all generations in the bundle, where their keys are in our custodian. */
  public List<Authority> cas() throws AuthorityException, CustodyException, LedgerException {
    List<Authority> all = new ArrayList<>();
    for (int generation : trusted.agreed().trusted()) {
      Optional<Authority> known = Optional.ofNullable(found.get(generation));
      Optional<Authority> ca = known.isPresent() ? known : cas.authority(generation);
      ca.ifPresent(one -> {
        found.put(generation, one);
        all.add(one);
      });
    }
    return all;
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
        requireTrusted(active.issuing());
        List<X509Certificate> chain = ca.certify(key, wish, reason, to);
        if (ca.generation() != generation()) {
          throw new AuthorityException("another CA has just taken over; ask again");
        }
        yield chain;
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

  private Active next(Tier from)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    return switch (from) {
      case Tier.Issuing(IssuingKeys keys, Certifier by) -> certified(keys, by);
      case Tier.Direct(IssuingAuthority ca) -> {
        Ca.requireUsable("CA", ca.authority(), clock);
        yield new Active(ca, Optional.empty());
      }
    };
  }

  // A key that gets no certificate is of no use, and a renewal that fails is tried again and again.
  private Active certified(IssuingKeys keys, Certifier by)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    by.requireReady();
    KeyHandle key = keys.make();
    try {
      IssuingAuthority made = by.certify(key);
      listener.made(made);
      return new Active(made, Optional.of(key));
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
