package io.signet.sds;

import io.signet.sds.Secret.ValidationContext;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Whom the callers of one moment may trust, the same for all of them: each secret of it is made
 * once and shared by all streams. A trust domain without any authority has no secret: nothing at
 * all may mean no validation to a proxy (SDS-7). Immutable and safe for use by many threads.
 */
public final class Trust {

  /** Nobody yet. */
  public static final Trust NONE = new Trust("", 0, List.of(), Map.of());

  private final String own;
  private final long sequence;
  // The own one first.
  private final Map<String, TrustAnchors> domains;
  private final SortedMap<String, Set<SpiffeId>> servers;
  private final String version;
  private final Map<String, ValidationContext> made = new ConcurrentHashMap<>();

  private Trust(
      String own, long sequence, List<TrustAnchors> domains, Map<String, Set<SpiffeId>> servers) {
    this.own = own;
    this.sequence = sequence;
    this.domains = new LinkedHashMap<>();
    domains.stream()
        .filter(anchors -> !anchors.bundle().authorities().isEmpty())
        .forEach(anchors -> this.domains.put(anchors.name(), anchors));
    this.servers = new TreeMap<>(servers);
    this.version = Version.ofText(Version.ofTrust(this.domains.values()) + " " + this.servers);
  }

  /**
   * Of several trust domains.
   *
   * @param own of the caller's own trust domain
   * @param federated of others, each once
   * @param servers who may serve a host, by its name (secure naming)
   */
  public static Trust of(
      TrustAnchors own, List<TrustAnchors> federated, Map<String, Set<SpiffeId>> servers) {
    List<TrustAnchors> all = new ArrayList<>();
    all.add(own);
    federated.stream().sorted(Comparator.comparing(TrustAnchors::name)).forEach(all::add);
    return new Trust(own.name(), own.bundle().sequence(), all, servers);
  }

  /** Of one trust domain alone. */
  public static Trust of(TrustAnchors own) {
    return of(own, List.of(), Map.of());
  }

  /** The sequence of the own trust domain's bundle; 0 before there is any. */
  long sequence() {
    return sequence;
  }

  /** Whether these are of the own trust domain. */
  boolean isOwn(TrustAnchors anchors) {
    return anchors.name().equals(own);
  }

  /** The bundle of the caller's own trust domain. */
  Optional<ValidationContext> own(BundleForm form) {
    return domains.keySet().stream().findFirst().flatMap(name -> domain(name, form));
  }

  /** The bundle of this canonical name (NAME-4). */
  Optional<ValidationContext> domain(String name, BundleForm form) {
    return Optional.ofNullable(domains.get(name))
        .flatMap(anchors -> once(name, form, () -> context(List.of(anchors), Set.of(), form)));
  }

  /** All bundles, kept apart by the validator also when there is only one (NAME-3). */
  Optional<ValidationContext> all(BundleForm form) {
    return domains.isEmpty() || form == BundleForm.TRUSTED_CA_ONLY
        ? Optional.empty()
        : once("", form, () -> Optional.of(ValidationContext.isolated(domains.values(), Set.of())));
  }

  /** Whom to take for this host: only these identities, by the authorities of their domains. */
  Optional<ValidationContext> server(String host, BundleForm form) {
    return Optional.ofNullable(servers.get(host))
        .flatMap(ids -> once("//" + host, form, () -> context(anchorsOf(ids), ids, form)));
  }

  /** The canonical names of the bundles. */
  Set<String> names() {
    return domains.keySet();
  }

  /** Of everything in it. */
  String version() {
    return version;
  }

  private List<TrustAnchors> anchorsOf(Set<SpiffeId> ids) {
    return ids.stream()
        .map(SpiffeId::trustDomain)
        .map(TrustDomain::id)
        .map(SpiffeId::toString)
        .distinct()
        .filter(domains::containsKey)
        .map(domains::get)
        .toList();
  }

  private static Optional<ValidationContext> context(
      List<TrustAnchors> anchors, Set<SpiffeId> peers, BundleForm form) {
    if (anchors.isEmpty()) {
      return Optional.empty();
    }
    if (anchors.size() == 1 && form != BundleForm.SPIFFE_VALIDATOR) {
      return Optional.of(ValidationContext.plain(anchors.getFirst(), peers));
    }
    return form == BundleForm.TRUSTED_CA_ONLY
        ? Optional.empty()
        : Optional.of(ValidationContext.isolated(anchors, peers));
  }

  private Optional<ValidationContext> once(
      String name, BundleForm form, Supplier<Optional<ValidationContext>> maker) {
    return Optional.ofNullable(made.computeIfAbsent(form + name, _ -> maker.get().orElse(null)));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Trust trust
        && version.equals(trust.version)
        && sequence == trust.sequence;
  }

  @Override
  public int hashCode() {
    return version.hashCode();
  }

  /** The names of the bundles and the version. */
  @Override
  public String toString() {
    return "Trust[%s, version %s]".formatted(domains.keySet(), version);
  }
}
