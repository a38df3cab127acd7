package io.signet.attestation.kubernetes;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Impersonation;
import io.signet.attestation.Proof;
import io.signet.attestation.Proof.Impersonated;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.Refusal;
import io.signet.attestation.ServiceAccountName;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Lets the trusted proxy of a node ask in the name of the workloads of that node, and of no others:
 * the rules of ISTIO-49 to ISTIO-60. Whatever breaks a rule is {@link Refusal.Invalid} and names
 * it; whatever is wrong with the API server, or with our own access to it, is {@link
 * Refusal.Unavailable}.
 *
 * <p>Safe for use by many threads; blocks until the API server answers, at most for the deadline.
 */
public final class NodeAuthorizer implements Impersonation {

  /** What must hold, in this order; a denial names the first that does not. */
  public enum Rule {
    /** There is a trusted node account at all (ISTIO-49). */
    CONFIGURED,
    /**
     * The caller is of a cluster that has one; its id is the one that the review used (ISTIO-50,
     * ISTIO-59).
     */
    CLUSTER,
    /** The caller is one (ISTIO-51). */
    ACCOUNT,
    /** The name is a workload's, exactly as we would write it (ISTIO-52, ISTIO-57). */
    IDENTITY,
    /** It is in our trust domain (ISTIO-57). */
    TRUST_DOMAIN,
    /** The caller's pod exists (ISTIO-53). */
    POD,
    /** It is the one that the token is bound to (ISTIO-54). */
    POD_UID,
    /** It runs as the token's account (ISTIO-55). */
    POD_ACCOUNT,
    /** It has neither ended nor is to end, and is on a node (ISTIO-58). */
    POD_LIVE,
    /** A live pod of the workload's account is on the same node (ISTIO-56, ISTIO-58). */
    NODE;

    /** As metrics and the log have it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Map<String, ReviewedCluster> clusters = new TreeMap<>();
  private final TrustDomain trustDomain;
  private final Duration deadline;
  private final Consumer<Rule> onDenied;

  /** What the rules say. */
  sealed interface Verdict {}

  record Allowed(Impersonated proof) implements Verdict {}

  record Denied(Rule rule, String reason) implements Verdict {}

  /**
   * @param clusters of which those without trusted accounts are left out; where there are no others
   *     nobody is allowed anything
   * @param trustDomain of all the identities that may be asked for
   * @param deadline within which each is judged, everything included
   */
  NodeAuthorizer(
      List<ReviewedCluster> clusters,
      TrustDomain trustDomain,
      Duration deadline,
      Consumer<Rule> onDenied) {
    clusters.stream()
        .filter(cluster -> !cluster.trustedNodeAccounts().isEmpty())
        .forEach(cluster -> this.clusters.put(cluster.id(), cluster));
    this.trustDomain = trustDomain;
    this.deadline = deadline;
    this.onDenied = onDenied;
  }

  /** Where there is no cluster at all: nobody is allowed anything. */
  public static NodeAuthorizer ofNoCluster(TrustDomain trustDomain, Consumer<Rule> onDenied) {
    return new NodeAuthorizer(List.of(), trustDomain, Duration.ZERO, onDenied);
  }

  @Override
  public Attestation impersonate(Proof caller, String identity) {
    String asked = "%s asks for \"%s\"".formatted(shown(caller), identity);
    try {
      return switch (verdict(caller, identity)) {
        case Allowed allowed -> new Proven(allowed.proof());
        case Denied denied -> {
          onDenied.accept(denied.rule());
          // The name last: however long, it does not push out the reason.
          yield Attestation.invalid(
              "impersonation: rule %s: %s; %s"
                  .formatted(denied.rule().label(), denied.reason(), asked));
        }
      };
    } catch (ApiException e) {
      return Attestation.unavailable("impersonation: %s; %s".formatted(e.getMessage(), asked));
    }
  }

  private static String shown(Proof caller) {
    return caller instanceof ServiceAccount account
        ? "%s (cluster %s, pod %s)"
            .formatted(
                account.id(), account.cluster(), account.pod().map(Proof.Pod::name).orElse("none"))
        : caller.id().toString();
  }

  private Verdict verdict(Proof caller, String identity) throws ApiException {
    if (clusters.isEmpty()) {
      return new Denied(Rule.CONFIGURED, "there are no trusted node accounts");
    }
    if (!(caller instanceof ServiceAccount account)) {
      return new Denied(Rule.CLUSTER, "not a service account of a cluster");
    }
    ReviewedCluster cluster = clusters.get(account.cluster());
    if (cluster == null) {
      return new Denied(
          Rule.CLUSTER, "no trusted node accounts in this cluster, only in " + clusters.keySet());
    }
    Set<ServiceAccountName> trusted = cluster.trustedNodeAccounts();
    return trusted.contains(new ServiceAccountName(account.namespace(), account.name()))
        ? wished(account, identity, cluster)
        : new Denied(Rule.ACCOUNT, "trusted are only " + names(trusted));
  }

  private static String names(Set<ServiceAccountName> accounts) {
    return accounts.stream()
        .map(account -> account.namespace() + "/" + account.name())
        .sorted()
        .collect(Collectors.joining(", "));
  }

  private Verdict wished(ServiceAccount caller, String identity, ReviewedCluster cluster)
      throws ApiException {
    SpiffeId id;
    ServiceAccountName workload;
    try {
      id = SpiffeId.parse(identity);
      workload = ServiceAccountName.of(id);
    } catch (IllegalArgumentException e) {
      return new Denied(Rule.IDENTITY, String.valueOf(e.getMessage()));
    }
    // ISTIO-24: the proxy takes the certificate of exactly what it asked for.
    if (!id.toString().equals(identity)) {
      return new Denied(Rule.IDENTITY, "not written as " + id);
    }
    if (!id.memberOf(trustDomain)) {
      return new Denied(
          Rule.TRUST_DOMAIN, "%s (expected: %s)".formatted(id.trustDomain(), trustDomain));
    }
    return onItsNode(new Impersonated(id, caller), workload, cluster.pods(deadline));
  }

  // Whoever tells first that it may is believed, and who tells last that it may not (ISTIO-60).
  static Verdict onItsNode(Impersonated proof, ServiceAccountName workload, List<Pods> tellers)
      throws ApiException {
    for (Pods pods : tellers.subList(0, tellers.size() - 1)) {
      if (onItsNode(proof, workload, pods) instanceof Allowed allowed) {
        return allowed;
      }
    }
    return onItsNode(proof, workload, tellers.getLast());
  }

  private static Verdict onItsNode(Impersonated proof, ServiceAccountName workload, Pods pods)
      throws ApiException {
    ServiceAccount caller = proof.by();
    Optional<Proof.Pod> bound = caller.pod();
    if (bound.isEmpty()) {
      return new Denied(Rule.POD, "the token is bound to none");
    }
    String name = caller.namespace() + "/" + bound.get().name();
    Optional<PodState> found = pods.find(caller.namespace(), bound.get().name());
    if (found.isEmpty()) {
      return new Denied(Rule.POD, name + " does not exist");
    }
    PodState pod = found.get();
    if (!pod.uid().equals(bound.get().uid())) {
      return new Denied(
          Rule.POD_UID,
          "%s is %s now, the token's was %s".formatted(name, pod.uid(), bound.get().uid()));
    }
    if (!pod.serviceAccount().equals(caller.name())) {
      return new Denied(
          Rule.POD_ACCOUNT, "%s runs as \"%s\"".formatted(name, pod.serviceAccount()));
    }
    // Without a node the question would be for all the pods that wait for one.
    if (!pod.live() || pod.node().isEmpty()) {
      return new Denied(
          Rule.POD_LIVE,
          "%s %s".formatted(name, pod.live() ? "is on no node" : "has ended or is to end"));
    }
    return pods.anyLive(workload, pod.node())
        ? new Allowed(proof)
        : new Denied(
            Rule.NODE,
            "no live pod of %s/%s on %s"
                .formatted(workload.namespace(), workload.name(), pod.node()));
  }
}
