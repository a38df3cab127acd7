package io.signet.ca.config;

import io.signet.ca.authorization.CallerPattern;
import io.signet.ca.authorization.Entitlement;
import io.signet.ca.authorization.KeyType;
import io.signet.ca.authorization.Rule;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the rules of entitlements, in their order. What says less than a person could believe is
 * refused: a rule that never decides, terms for callers that may hold nothing.
 */
final class EntitlementReader {

  // So many of the longest fit into a certificate with the longest ID and key (CSR-10).
  private static final int MOST_NAMES = 16;

  private static final List<Key> TERMS =
      List.of(Key.ENTITLEMENTS_MAX_LIFETIME, Key.ENTITLEMENTS_KEYS, Key.ENTITLEMENTS_DNS_NAMES);

  private final Optional<TrustDomain> trustDomain;
  private final Optional<SvidConfig> svid;
  private final List<String> servingNames;
  // One for each rule so far, so that its index here is its position in the file.
  private final List<Optional<CallerPattern>> earlier = new ArrayList<>();

  /**
   * @param trustDomain empty where it is a problem already; {@code svid} likewise
   */
  EntitlementReader(
      Optional<TrustDomain> trustDomain, Optional<SvidConfig> svid, List<String> servingNames) {
    this.trustDomain = trustDomain;
    this.svid = svid;
    this.servingNames = servingNames;
  }

  List<Rule> read(Section file) {
    return file.list(Key.ENTITLEMENTS, this::rule);
  }

  private Optional<Rule> rule(Section in) {
    int position = earlier.size();
    Optional<CallerPattern> caller = caller(in);
    earlier.add(caller);
    Optional<Entitlement> entitlement = entitlement(in);
    return entitlement.isEmpty()
        ? Optional.empty()
        : in.complete(() -> new Rule(position, caller.orElseThrow(), entitlement.get()));
  }

  private Optional<CallerPattern> caller(Section in) {
    return in.value(Key.ENTITLEMENTS_CALLER, this::pattern).filter(caller -> isNew(in, caller));
  }

  private CallerPattern pattern(String text) {
    CallerPattern pattern = CallerPattern.parse(text);
    requireInside(pattern.trustDomain());
    return pattern;
  }

  private boolean isNew(Section in, CallerPattern caller) {
    for (int i = 0; i < earlier.size(); i++) {
      if (earlier.get(i).filter(before -> before.covers(caller)).isPresent()) {
        in.refuse(
            Key.ENTITLEMENTS_CALLER,
            caller.toString(),
            "none for whom an earlier rule decides, as entitlements[%d] does".formatted(i));
        return false;
      }
    }
    return true;
  }

  private Optional<Entitlement> entitlement(Section in) {
    List<String> held = mayHold(in);
    Optional<Duration> maxLifetime = maxLifetime(in);
    List<KeyType> keys = keys(in);
    List<String> names = dnsNames(in);
    Optional<Boolean> authority =
        in.value(Key.ENTITLEMENTS_ISSUING_AUTHORITY, ConfigReader::onOrOff);
    return maxLifetime.flatMap(most ->
        in.complete(() ->
            new Entitlement(
                held.contains(Entitlement.OWN),
                identities(held),
                most,
                keys,
                names,
                authority.orElseThrow())));
  }

  private List<String> mayHold(Section in) {
    if (in.isEmptyList(Key.ENTITLEMENTS_MAY_HOLD)) {
      refuseTerms(in);
    }
    Set<String> listed = new HashSet<>();
    return in.has(Key.ENTITLEMENTS_MAY_HOLD)
        ? in.values(Key.ENTITLEMENTS_MAY_HOLD, text -> ConfigReader.unused(listed, canonical(text)))
        : List.of(Entitlement.OWN);
  }

  private static void refuseTerms(Section in) {
    TERMS.stream()
        .filter(in::has)
        .forEach(
            key -> in.refuse(key, "terms for callers that may hold nothing", "the key left out"));
  }

  private String canonical(String text) {
    if (text.equals(Entitlement.OWN)) {
      return text;
    }
    SpiffeId id = SpiffeId.parse(text);
    requireInside(id.trustDomain());
    if (!id.hasPath()) {
      throw new IllegalArgumentException(text);
    }
    return id.toString();
  }

  private void requireInside(TrustDomain found) {
    if (trustDomain.isPresent() && !trustDomain.get().equals(found)) {
      throw new IllegalArgumentException(found.name());
    }
  }

  private static List<SpiffeId> identities(List<String> held) {
    return held.stream()
        .filter(name -> !name.equals(Entitlement.OWN))
        .map(SpiffeId::parse)
        .toList();
  }

  private Optional<Duration> maxLifetime(Section in) {
    Optional<Duration> most = svid.map(SvidConfig::maxLifetime);
    Optional<Duration> found =
        in.optional(Key.ENTITLEMENTS_MAX_LIFETIME, Key.ENTITLEMENTS_MAX_LIFETIME::duration);
    if (most.isPresent() && found.isPresent() && found.get().compareTo(most.get()) > 0) {
      in.refuse(
          Key.ENTITLEMENTS_MAX_LIFETIME,
          Durations.format(found.get()),
          "at most svid.max-lifetime, which is " + Durations.format(most.get()));
    }
    return found.or(() -> most);
  }

  private static List<KeyType> keys(Section in) {
    if (!in.has(Key.ENTITLEMENTS_KEYS)) {
      return KeyType.ALL;
    }
    if (in.isEmptyList(Key.ENTITLEMENTS_KEYS)) {
      in.refuse(Key.ENTITLEMENTS_KEYS, "none", "at least one kind of key");
    }
    List<KeyType> listed = new ArrayList<>();
    return in.values(Key.ENTITLEMENTS_KEYS, text -> added(listed, text));
  }

  private static KeyType added(List<KeyType> listed, String text) {
    KeyType kind = KeyType.named(text).orElseThrow(() -> new IllegalArgumentException(text));
    if (listed.stream().anyMatch(other -> other.includes(kind) || kind.includes(other))) {
      throw new IllegalArgumentException(text + " again");
    }
    listed.add(kind);
    return kind;
  }

  private List<String> dnsNames(Section in) {
    Set<String> listed = new HashSet<>();
    List<String> names =
        in.values(
            Key.ENTITLEMENTS_DNS_NAMES, text -> ConfigReader.unused(listed, requireDnsName(text)));
    if (names.size() > MOST_NAMES) {
      in.refuse(Key.ENTITLEMENTS_DNS_NAMES, names.size() + " names");
    }
    names.stream()
        .filter(name -> servingNames.stream().anyMatch(name::equalsIgnoreCase))
        .forEach(name ->
            in.refuse(
                Key.ENTITLEMENTS_DNS_NAMES,
                name,
                "none of serving-names: who holds one can pass for this server"));
    return names;
  }

  // As the lint writes and compares them.
  private static String requireDnsName(String text) {
    if (!ServingName.isDns(text) || !text.equals(text.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }
}
