package io.signet.ca.authorization;

import io.signet.attestation.Proof;
import io.signet.ca.authorization.Decision.Denied;
import io.signet.ca.authorization.Decision.Granted;
import io.signet.ca.authorization.Decision.WrongKey;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Decides what a proven caller may hold: the first rule that is for the caller decides alone, and
 * where none is, the caller may hold its own identity only. The names in a request are a wish, and
 * so is the lifetime, which is clamped instead of refused (ISTIO-4). Immutable.
 */
public final class Entitlements {

  private final TrustDomain trustDomain;
  private final Duration defaultLifetime;
  private final Duration maxLifetime;
  private final List<Rule> rules;
  private final Entitlement standard;
  private final Map<SpiffeId, String> denied;

  /**
   * @param trustDomain outside of which nobody gets anything
   * @param maxLifetime the most that anyone gets
   * @param rules in the order in which they are tried
   * @throws IllegalArgumentException if a rule gives an identity of another trust domain or a
   *     longer life
   */
  public Entitlements(
      TrustDomain trustDomain, Duration defaultLifetime, Duration maxLifetime, List<Rule> rules) {
    this(trustDomain, defaultLifetime, maxLifetime, rules, Map.of());
  }

  private Entitlements(
      TrustDomain trustDomain,
      Duration defaultLifetime,
      Duration maxLifetime,
      List<Rule> rules,
      Map<SpiffeId, String> denied) {
    this.trustDomain = trustDomain;
    this.defaultLifetime = defaultLifetime;
    this.maxLifetime = maxLifetime;
    this.rules = List.copyOf(rules);
    this.standard = Entitlement.ownOnly(maxLifetime);
    this.denied = Map.copyOf(denied);
    rules.forEach(this::requireWithin);
  }

  private void requireWithin(Rule rule) {
    Entitlement gives = rule.entitlement();
    if (!gives.others().stream().allMatch(this::isWorkload)
        || gives.maxLifetime().compareTo(maxLifetime) > 0) {
      throw new IllegalArgumentException(
          "%s: %s for %s (expected: IDs with a path in %s, for at most %s)"
              .formatted(rule, gives.others(), gives.maxLifetime(), trustDomain.id(), maxLifetime));
    }
  }

  /**
   * The same, but that nobody may hold these identities, whatever a rule says.
   *
   * @param denied with the reason of each
   */
  public Entitlements without(Map<SpiffeId, String> denied) {
    return new Entitlements(trustDomain, defaultLifetime, maxLifetime, rules, denied);
  }

  /** The DNS names that the caller gets beside any identity, so that it may ask for them too. */
  public List<String> hosts(Proof proof) {
    return entitlement(rule(proof.id())).hosts();
  }

  /** Whether the caller may have what it wishes. */
  public Decision decide(Proof proof, Wish wish) {
    Optional<String> revoked = revoked(proof.asker());
    return revoked.isPresent()
        ? new Denied(rule(proof.id()), revoked.get())
        : decide(proof.id(), wish);
  }

  /** The same for whoever proves to be this caller. */
  public Decision decide(SpiffeId caller, Wish wish) {
    Optional<Rule> rule = rule(caller);
    Entitlement may = entitlement(rule);
    Optional<SpiffeId> id = may.identity(caller, wish.name()).filter(this::isWorkload);
    if (id.isEmpty()) {
      return new Denied(rule, denial(caller, wish, rule));
    }
    Optional<String> revoked = revoked(id.get()).or(() -> revoked(caller));
    if (revoked.isPresent()) {
      return new Denied(rule, revoked.get());
    }
    if (wish.key().isPresent() && !may.allows(wish.key().get())) {
      return new WrongKey(rule, wrongKey(wish.key().get(), may, rule));
    }
    Duration lifetime = clamped(wish.lifetime(), may.maxLifetime());
    return new Granted(new Grant(caller, rule, id.get(), lifetime, may.hosts(), may.keys()));
  }

  private Optional<String> revoked(SpiffeId id) {
    return Optional.ofNullable(denied.get(id)).map(reason -> id + " is " + reason);
  }

  /** Whether the caller may have an issuing authority, which only a rule can say. */
  public AuthorityDecision decideAuthority(SpiffeId caller) {
    Optional<String> revoked = revoked(caller);
    if (revoked.isPresent()) {
      return new AuthorityDecision(false, revoked.get());
    }
    Optional<Rule> rule = rule(caller).filter(found -> found.entitlement().authority());
    return rule.isPresent()
        ? new AuthorityDecision(
            true, "%s lets %s have an issuing authority".formatted(rule.get(), caller))
        : new AuthorityDecision(false, authorityDenial(caller));
  }

  private String authorityDenial(SpiffeId caller) {
    return "%s: %s asked for an issuing authority (expected: a rule with issuing-authority: on)"
        .formatted(decider(rule(caller)), caller);
  }

  private Optional<Rule> rule(SpiffeId caller) {
    if (!isWorkload(caller)) {
      return Optional.empty();
    }
    CallerPattern exact = CallerPattern.of(caller);
    return rules.stream().filter(rule -> rule.caller().covers(exact)).findFirst();
  }

  private Entitlement entitlement(Optional<Rule> rule) {
    return rule.map(Rule::entitlement).orElse(standard);
  }

  private boolean isWorkload(SpiffeId id) {
    return id.memberOf(trustDomain) && id.hasPath();
  }

  // The rule stands first: what a caller asked for may be so long that a log cuts it.
  private String denial(SpiffeId caller, Wish wish, Optional<Rule> rule) {
    if (!isWorkload(caller)) {
      return "caller %s (expected: an ID with a path in %s)".formatted(caller, trustDomain.id());
    }
    return "%s: %s asked for %s (expected: %s)"
        .formatted(
            decider(rule),
            caller,
            wish.name().map(name -> '"' + name + '"').orElse("its own identity"),
            rule.map(Entitlements::listed).orElse("its own identity"));
  }

  private static String decider(Optional<Rule> rule) {
    return rule.map(Rule::toString).orElse("no rule is for the caller");
  }

  private static String listed(Rule rule) {
    List<String> all = rule.entitlement().mayHold();
    return all.isEmpty() ? "nothing, it may hold none" : String.join(", ", all);
  }

  private static String wrongKey(KeyType key, Entitlement may, Optional<Rule> rule) {
    return "key of kind %s (expected: %s, by %s)"
        .formatted(
            key,
            String.join(" or ", may.keys().stream().map(KeyType::toString).toList()),
            rule.map(Rule::name).orElse("default"));
  }

  private Duration clamped(Optional<Duration> wish, Duration most) {
    Duration wanted = wish.filter(Duration::isPositive).orElse(defaultLifetime);
    return wanted.compareTo(most) < 0 ? wanted : most;
  }
}
