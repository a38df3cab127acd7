package io.signet.ca.authorization;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.attestation.Proof;
import io.signet.ca.authorization.Decision.Denied;
import io.signet.ca.authorization.Decision.Granted;
import io.signet.ca.authorization.Decision.WrongKey;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SpiffeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A proven caller gets its own identity, for as long as it asked within our limits, unless a rule
 * says otherwise.
 */
final class EntitlementsTest {

  private static final Duration DEFAULT = Duration.ofHours(24);
  private static final Duration MOST = Duration.ofDays(90);
  private static final Proof PROOF = new Proof.LocalUser(CART, 1000, 1);
  private static final SpiffeId BANK = id("/ns/shop/sa/bank");
  private static final SpiffeId GATEWAY = id("/ns/istio-system/sa/gateway");
  private static final SpiffeId FRONT = id("/ns/edge/sa/front");

  private final Entitlements none = new Entitlements(DOMAIN, DEFAULT, MOST, List.of());

  // The gateway may hold another identity, some may hold none, one namespace may have short lives.
  private final Entitlements some =
      new Entitlements(
          DOMAIN,
          DEFAULT,
          MOST,
          List.of(
              new Rule(
                  0,
                  CallerPattern.of(GATEWAY),
                  new Entitlement(
                      true,
                      List.of(FRONT),
                      Duration.ofHours(48),
                      List.of(KeyType.of(KeyAlgorithm.EC_P256), KeyType.RSA),
                      List.of("front.example.org", "front"))),
              new Rule(
                  1,
                  CallerPattern.parse("spiffe://example.org/ns/quarantine/sa/*"),
                  new Entitlement(false, List.of(), MOST, KeyType.ALL, List.of())),
              new Rule(
                  2,
                  CallerPattern.parse("spiffe://example.org/ns/*/sa/gateway"),
                  new Entitlement(
                      false, List.of(FRONT), Duration.ofHours(1), KeyType.ALL, List.of())),
              new Rule(
                  3,
                  CallerPattern.parse("spiffe://example.org/ns/shop/sa/*"),
                  Entitlement.ownOnly(Duration.ofMinutes(10)))));

  @Test
  void decide_noWish_itsOwnForTheDefault() {
    assertThat(none.decide(PROOF, Wish.NOTHING))
        .isEqualTo(
            new Granted(new Grant(CART, Optional.empty(), CART, DEFAULT, List.of(), KeyType.ALL)));
  }

  // Whatever a rule says, and also for whoever may hold another identity, until that is lifted.
  @Test
  void without_denied_neitherThatIdentityNorForThatCaller() {
    Entitlements revoked = some.without(Map.of(FRONT, "revoked: by jo", CART, "revoked: by jo"));

    assertThat(revoked.decide(GATEWAY, named(FRONT.toString())))
        .isInstanceOfSatisfying(
            Denied.class, why -> assertThat(why.reason()).isEqualTo(FRONT + " is revoked: by jo"));
    assertThat(revoked.decide(GATEWAY, Wish.NOTHING)).isInstanceOf(Granted.class);
    assertThat(revoked.decide(PROOF, Wish.NOTHING))
        .isInstanceOfSatisfying(
            Denied.class, why -> assertThat(why.reason()).isEqualTo(CART + " is revoked: by jo"));
    assertThat(revoked.decideAuthority(CART).reason()).isEqualTo(CART + " is revoked: by jo");
    assertThat(revoked.without(Map.of()).decide(PROOF, Wish.NOTHING)).isInstanceOf(Granted.class);
  }

  // A node proxy that is denied gets nothing for others either.
  @Test
  void without_whoAsksDenied_nothingForOthers() {
    SpiffeId node = id("/ns/istio-system/sa/ztunnel");
    Proof asked =
        new Proof.Impersonated(
            CART,
            new Proof.ServiceAccount(
                node, Optional.empty(), "c", "istio-system", "ztunnel", Optional.empty()));

    assertThat(none.decide(asked, Wish.NOTHING)).isInstanceOf(Granted.class);
    assertThat(none.without(Map.of(node, "revoked")).decide(asked, Wish.NOTHING))
        .isInstanceOf(Denied.class);
  }

  // ISTIO-91, ISTIO-95: the correct id.
  @Test
  void decide_itsOwnName_granted() {
    assertThat(none.decide(PROOF, named(CART.toString()))).isInstanceOf(Granted.class);
  }

  // CSR-7: equal means equal, not nearly equal.
  @ParameterizedTest
  @CsvSource({
    "spiffe://example.org/ns/shop/sa/bank",
    "spiffe://example.org/ns/shop/sa/Cart",
    "spiffe://example.org/ns/shop/sa/cart/",
    "spiffe://example.org/ns/shop/sa/cart2",
    "spiffe://example.org/ns/shop/sa/*",
    "SPIFFE://example.org/ns/shop/sa/cart",
    "spiffe://example.org",
    "own",
    "''"
  })
  void decide_anotherName_denied(String name) {
    for (Entitlements entitlements : List.of(none, some)) {
      assertThat(entitlements.decide(PROOF, named(name)))
          .isInstanceOfSatisfying(
              Denied.class,
              denied ->
                  assertThat(denied.reason())
                      .contains(CART.toString())
                      .contains("asked for \"" + name + "\""));
    }
  }

  // It is no identity: no wish, no rule for others and no default gives it.
  @Test
  void decideAuthority_onlyByARuleThatSaysSo() {
    Entitlement authority = new Entitlement(false, List.of(), MOST, KeyType.ALL, List.of(), true);
    Entitlements entitlements =
        new Entitlements(
            DOMAIN,
            DEFAULT,
            MOST,
            List.of(
                new Rule(0, CallerPattern.of(BANK), Entitlement.ownOnly(MOST)),
                new Rule(1, CallerPattern.parse("spiffe://example.org/ns/shop/sa/*"), authority)));

    assertThat(entitlements.decideAuthority(CART))
        .isEqualTo(
            new AuthorityDecision(
                true,
                "entitlements[1] (caller spiffe://example.org/ns/shop/sa/*) lets "
                    + CART
                    + " have an issuing authority"));
    assertThat(
            List.of(
                entitlements.decideAuthority(BANK), // the first rule decides alone
                entitlements.decideAuthority(GATEWAY),
                entitlements.decideAuthority(DOMAIN.id()),
                entitlements.decideAuthority(SpiffeId.parse("spiffe://example.com/ns/shop/sa/a")),
                none.decideAuthority(CART)))
        .extracting(AuthorityDecision::granted)
        .containsOnly(false);
    assertThat(entitlements.decide(CART, named(DOMAIN.id().toString()))).isInstanceOf(Denied.class);
  }

  // ISTIO-62: what is not positive means the default; what is too long is clamped, not refused.
  @ParameterizedTest
  @CsvSource({
    "0, 86400", // ISTIO-95: no TTL.
    "-1, 86400",
    "-9223372036854775808, 86400",
    "1, 1",
    "3600, 3600", // ISTIO-95: TTL within the limit.
    "7776000, 7776000",
    "7776001, 7776000", // ISTIO-95: TTL above the limit, which istiod refuses and ISS-1 clamps.
    "18446744074, 7776000",
    "9223372036854775807, 7776000"
  })
  void decide_lifetime_clamped(long asked, long granted) {
    assertThat(granted(none.decide(PROOF, lasting(asked))).lifetime()).hasSeconds(granted);
  }

  // ISTIO-62, by a rule: its most is also the most of the default.
  @ParameterizedTest
  @CsvSource({
    "0, 600",
    "-1, 600",
    "-9223372036854775808, 600",
    "1, 1",
    "600, 600",
    "601, 600",
    "18446744074, 600",
    "9223372036854775807, 600"
  })
  void decide_lifetimeByARule_clamped(long asked, long granted) {
    assertThat(granted(some.decide(PROOF, lasting(asked))).lifetime()).hasSeconds(granted);
  }

  // Which rule decides, and what: the first that is for the caller, alone.
  @ParameterizedTest
  @CsvSource({
    "/ns/istio-system/sa/gateway, ,                             0,   granted",
    "/ns/istio-system/sa/gateway, /ns/istio-system/sa/gateway,  0,   granted",
    "/ns/istio-system/sa/gateway, /ns/edge/sa/front,            0,   granted",
    "/ns/istio-system/sa/gateway, /ns/edge/sa/gateway,          0,   denied",
    "/ns/istio-system/sa/gateway, /ns/shop/sa/cart,             0,   denied",
    "/ns/quarantine/sa/x,         ,                             1,   denied",
    "/ns/quarantine/sa/x,         /ns/quarantine/sa/x,          1,   denied",
    "/ns/quarantine/sa/gateway,   /ns/edge/sa/front,            1,   denied",
    "/ns/shop/sa/gateway,         ,                             2,   denied",
    "/ns/shop/sa/gateway,         /ns/shop/sa/gateway,          2,   denied",
    "/ns/shop/sa/gateway,         /ns/edge/sa/front,            2,   granted",
    "/ns/shop/sa/cart,            ,                             3,   granted",
    "/ns/shop/sa/cart,            /ns/edge/sa/front,            3,   denied",
    "/ns/edge/sa/front,           ,                             ,    granted",
    "/ns/edge/sa/front,           /ns/istio-system/sa/gateway,  ,    denied",
    "/ns/shop/sa/cart/x,          ,                             ,    granted",
    "/user/jo,                    /user/jo,                     ,    granted"
  })
  void decide_byTheFirstRuleForTheCaller(
      String caller, String asked, Integer position, String verdict) {
    Optional<String> name = Optional.ofNullable(asked).map(path -> id(path).toString());

    Decision decision = some.decide(id(caller), new Wish(name, Optional.empty(), Optional.empty()));

    assertThat(decision.rule().map(Rule::position)).isEqualTo(Optional.ofNullable(position));
    assertThat(decision.reason())
        .contains(id(caller).toString())
        .contains(position == null ? "no rule" : "entitlements[" + position + "]");
    assertThat(decision).isInstanceOf(verdict.equals("granted") ? Granted.class : Denied.class);
    if (decision instanceof Granted(Grant grant)) {
      assertThat(grant.caller()).isEqualTo(id(caller));
      assertThat(grant.id()).isEqualTo(id(asked == null ? caller : asked));
    }
  }

  @Test
  void decide_callerMayHoldOthersOnly_saysWhich() {
    assertThat(some.decide(id("/ns/shop/sa/gateway"), Wish.NOTHING).reason())
        .isEqualTo(
            "entitlements[2] (caller spiffe://example.org/ns/*/sa/gateway):"
                + " spiffe://example.org/ns/shop/sa/gateway asked for its own identity"
                + " (expected: spiffe://example.org/ns/edge/sa/front)");
  }

  @Test
  void decide_callerMayHoldNothing_saysSo() {
    assertThat(some.decide(id("/ns/quarantine/sa/x"), Wish.NOTHING).reason())
        .endsWith("asked for its own identity (expected: nothing, it may hold none)");
  }

  @Test
  void decide_byARule_namesAndKeysOfTheRule() {
    Grant grant = granted(some.decide(GATEWAY, named(FRONT.toString())));

    assertThat(grant.hosts()).containsExactly("front.example.org", "front");
    assertThat(grant.keys()).extracting(KeyType::toString).containsExactly("ec-p256", "rsa");
    assertThat(grant.reason())
        .isEqualTo(
            "entitlements[0] (caller spiffe://example.org/ns/istio-system/sa/gateway) lets"
                + " spiffe://example.org/ns/istio-system/sa/gateway hold"
                + " spiffe://example.org/ns/edge/sa/front");
  }

  @ParameterizedTest
  @CsvSource({
    "ec-p256, true",
    "ec-p384, false",
    "rsa-2048, true",
    "rsa-4096, true",
  })
  void decide_kindOfKey_oneOfTheRule(String key, boolean allowed) {
    Decision decision = some.decide(GATEWAY, with(key));

    if (allowed) {
      assertThat(decision).isInstanceOf(Granted.class);
    } else {
      assertThat(decision)
          .isInstanceOfSatisfying(
              WrongKey.class,
              wrong ->
                  assertThat(wrong.reason())
                      .isEqualTo(
                          "key of kind ec-p384 (expected: ec-p256 or rsa, by entitlements[0])"));
    }
  }

  // It would tell what others may hold.
  @Test
  void decide_wrongIdentityAndWrongKey_denied() {
    Wish both =
        new Wish(
            Optional.of(BANK.toString()),
            Optional.empty(),
            Optional.of(KeyType.of(KeyAlgorithm.EC_P384)));

    assertThat(some.decide(GATEWAY, both)).isInstanceOf(Denied.class);
  }

  @Test
  void hosts_ofTheRule() {
    assertThat(some.hosts(new Proof.LocalUser(GATEWAY, 1, 1)))
        .containsExactly("front.example.org", "front");
    assertThat(some.hosts(PROOF)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"spiffe://example.com/ns/shop/sa/cart", "spiffe://example.org"})
  void decide_callerThatIsNoWorkloadOfOurs_denied(String caller) {
    assertThat(some.decide(SpiffeId.parse(caller), Wish.NOTHING))
        .isInstanceOfSatisfying(
            Denied.class,
            denied ->
                assertThat(denied.reason())
                    .isEqualTo(
                        "caller %s (expected: an ID with a path in spiffe://example.org)"
                            .formatted(caller)));
  }

  @Test
  void new_ruleThatGivesTooMuch_refused() {
    SpiffeId foreign = SpiffeId.parse("spiffe://example.com/a");
    for (Entitlement wrong :
        List.of(
            new Entitlement(true, List.of(foreign), MOST, KeyType.ALL, List.of()),
            new Entitlement(true, List.of(DOMAIN.id()), MOST, KeyType.ALL, List.of()),
            Entitlement.ownOnly(MOST.plusSeconds(1)))) {
      List<Rule> rules = List.of(new Rule(0, CallerPattern.of(CART), wrong));
      assertThatThrownBy(() -> new Entitlements(DOMAIN, DEFAULT, MOST, rules))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("entitlements[0]");
    }
  }

  // Whatever the rules and the wishes: nothing outside of the trust domain, nothing too long,
  // nothing that the caller's first rule does not list.
  @Test
  void decide_anything_neverMoreThanListed() {
    Random random = new Random(20_261_125);
    int grants = 0;
    for (int i = 0; i < 20_000; i++) {
      List<Rule> rules = rules(random);
      SpiffeId caller = anyId(random);
      Decision decision =
          new Entitlements(DOMAIN, DEFAULT, MOST, rules).decide(caller, anyWish(random));
      if (decision instanceof Granted(Grant grant)) {
        grants++;
        assertNoMoreThanListed(grant, caller, rules);
      }
    }
    assertThat(grants).isGreaterThan(1_000);
  }

  private static void assertNoMoreThanListed(Grant grant, SpiffeId caller, List<Rule> rules) {
    Optional<Rule> first = rules.stream().filter(rule -> isFor(rule, caller)).findFirst();
    Set<SpiffeId> listed =
        Set.copyOf(first.map(rule -> rule.entitlement().others()).orElse(List.of()));
    boolean own = first.map(rule -> rule.entitlement().own()).orElse(true);

    assertThat(grant.id().memberOf(DOMAIN) && grant.id().hasPath()).isTrue();
    assertThat(listed.contains(grant.id()) || (own && grant.id().equals(caller))).isTrue();
    assertThat(grant.lifetime())
        .isPositive()
        .isLessThanOrEqualTo(first.map(rule -> rule.entitlement().maxLifetime()).orElse(MOST))
        .isLessThanOrEqualTo(MOST);
    assertThat(grant.hosts())
        .isEqualTo(first.map(rule -> rule.entitlement().hosts()).orElse(List.of()));
    assertThat(grant.rule()).isEqualTo(first);
  }

  // In another way than the code: as a regular expression.
  private static boolean isFor(Rule rule, SpiffeId caller) {
    String form = rule.caller().toString().replace(".", "\\.").replace("*", "[^/]+");
    return caller.toString().matches(form);
  }

  private static List<Rule> rules(Random random) {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < random.nextInt(5); i++) {
      List<SpiffeId> others =
          IntStream.range(0, random.nextInt(3))
              .mapToObj(_ -> anyIdOf(DOMAIN.name(), random))
              .toList();
      Duration most = Duration.ofSeconds(random.nextLong(1, MOST.toSeconds() + 1));
      CallerPattern caller =
          CallerPattern.parse("spiffe://example.org" + anyPath(random, "a", "b", "*"));
      List<String> hosts = random.nextBoolean() ? List.of() : List.of("a.example.org");
      rules.add(
          new Rule(
              i, caller, new Entitlement(random.nextBoolean(), others, most, KeyType.ALL, hosts)));
    }
    return rules;
  }

  private static Wish anyWish(Random random) {
    return new Wish(
        random.nextInt(4) == 0 ? Optional.empty() : Optional.of(anyId(random).toString()),
        random.nextInt(4) == 0
            ? Optional.empty()
            : Optional.of(Duration.ofSeconds(random.nextLong() >> random.nextInt(64))),
        Optional.empty());
  }

  private static SpiffeId anyId(Random random) {
    return anyIdOf(random.nextInt(8) == 0 ? "example.com" : "example.org", random);
  }

  private static SpiffeId anyIdOf(String domain, Random random) {
    return SpiffeId.parse("spiffe://" + domain + anyPath(random, "a", "b", "c"));
  }

  private static String anyPath(Random random, String... segments) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i <= random.nextInt(2); i++) {
      path.append('/').append(segments[random.nextInt(segments.length)]);
    }
    return path.toString();
  }

  private static Grant granted(Decision decision) {
    return ((Granted) decision).grant();
  }

  private static Wish named(String name) {
    return new Wish(Optional.of(name), Optional.empty(), Optional.empty());
  }

  private static Wish lasting(long seconds) {
    return new Wish(Optional.empty(), Optional.of(Duration.ofSeconds(seconds)), Optional.empty());
  }

  private static Wish with(String key) {
    return new Wish(Optional.empty(), Optional.empty(), KeyType.named(key));
  }

  private static SpiffeId id(String path) {
    return SpiffeId.parse("spiffe://example.org" + path);
  }
}
