package io.signet.attestation.kubernetes;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestor;
import io.signet.attestation.CompactJws;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Refusal;
import io.signet.attestation.kubernetes.NodeAuthorizer.Rule;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Proves a Kubernetes service account by a token of its cluster, as {@link Cluster.Review} says. A
 * review by the API server is shared by those who show the same token meanwhile, and never kept;
 * there is no fallback to another audience (K8S-1, K8S-4). Whatever is wrong with the API server,
 * or with our own access to it, is {@link Refusal.Unavailable}; only what it says of the token
 * makes the token {@link Refusal.Invalid}.
 *
 * <p>Safe for use by many threads; blocks until the API server answers, at most for the deadline.
 */
public final class KubernetesAttestor implements Attestor, AutoCloseable {

  private final List<ReviewedCluster> clusters;
  private final Map<String, ReviewedCluster> byName;
  private final TrustDomain trustDomain;

  private KubernetesAttestor(
      List<ReviewedCluster> clusters,
      Map<String, ReviewedCluster> byName,
      TrustDomain trustDomain) {
    this.clusters = clusters;
    this.byName = byName;
    this.trustDomain = trustDomain;
  }

  /**
   * Prepares the clients, without waiting for any API server. Each follows the rotation of its own
   * token within a minute; a new CA or client certificate needs a new attestor.
   *
   * @param clusters at least one; the first is the local cluster (K8S-9)
   * @param trustDomain of all the identities proven here
   * @param deadline within which a review is answered, everything included
   * @param clock for the times in tokens
   * @param nanoTime for durations, which no change of the clock touches
   * @throws IllegalArgumentException if there is no cluster, two share a name, or a kubeconfig is
   *     missing or of no use
   */
  public static KubernetesAttestor open(
      List<Cluster> clusters,
      TrustDomain trustDomain,
      Duration deadline,
      Clock clock,
      LongSupplier nanoTime) {
    return open(clusters, trustDomain, deadline, ClusterKnowledge.Pace.STANDARD, clock, nanoTime);
  }

  static KubernetesAttestor open(
      List<Cluster> clusters,
      TrustDomain trustDomain,
      Duration deadline,
      ClusterKnowledge.Pace pace,
      Clock clock,
      LongSupplier nanoTime) {
    requireDistinct(clusters);
    List<ReviewedCluster> opened = new ArrayList<>();
    try {
      Map<String, ReviewedCluster> byName = new LinkedHashMap<>();
      for (Cluster cluster : clusters) {
        var reviewed = ReviewedCluster.open(cluster, trustDomain, deadline, pace, clock, nanoTime);
        opened.add(reviewed);
        // K8S-9: a client that sends no cluster id means the local cluster.
        byName.putIfAbsent("", reviewed);
        byName.put(cluster.id(), reviewed);
        cluster.aliases().forEach(alias -> byName.put(alias, reviewed));
      }
      return new KubernetesAttestor(opened, byName, trustDomain);
    } catch (IllegalArgumentException e) {
      opened.forEach(ReviewedCluster::close);
      throw e;
    }
  }

  private static void requireDistinct(List<Cluster> clusters) {
    if (clusters.isEmpty()) {
      throw new IllegalArgumentException("clusters: none (expected: at least one)");
    }
    Map<String, Cluster> owners = new LinkedHashMap<>();
    for (Cluster cluster : clusters) {
      claim(owners, cluster.id(), cluster);
      cluster.aliases().forEach(alias -> claim(owners, alias, cluster));
    }
  }

  private static void claim(Map<String, Cluster> owners, String name, Cluster cluster) {
    if (owners.putIfAbsent(name, cluster) != null) {
      throw new IllegalArgumentException(
          "cluster %s: \"%s\" is taken (expected: ids and aliases that differ)"
              .formatted(cluster.id(), name));
    }
  }

  @Override
  public String name() {
    return "kubernetes";
  }

  @Override
  public Attestation attest(Evidence evidence) {
    if (!(evidence instanceof BearerToken bearer)) {
      return Attestation.missing("not a bearer token");
    }
    // Spares the API server the work.
    Optional<String> misfit = CompactJws.problem(bearer.token());
    if (misfit.isPresent()) {
      return Attestation.invalid(misfit.get());
    }
    ReviewedCluster cluster = byName.get(bearer.clusterId());
    return cluster == null
        ? Attestation.invalid(unknown(bearer.clusterId()))
        : cluster.attest(bearer.token());
  }

  private String unknown(String clusterId) {
    String known = byName.keySet().stream().skip(1).collect(Collectors.joining(", "));
    return "cluster id: none of [%s]: \"%s\"".formatted(known, clusterId);
  }

  /**
   * Who of the proven callers may ask in the name of others (istio-ca, section 10).
   *
   * @param deadline within which each is judged, everything included
   * @param onDenied is told the rule of each denial; must not block
   */
  public NodeAuthorizer nodeAuthorizer(Duration deadline, Consumer<Rule> onDenied) {
    return new NodeAuthorizer(clusters, trustDomain, deadline, onDenied);
  }

  /**
   * What keeps clusters from being asked, as their last review showed, and what to check; empty
   * when nothing is known to. Causes no traffic. A failure counts for half a minute: whoever is
   * taken out of service for it would get no review that could clear it. So this explains a state;
   * it is too weak to decide one, and callers with a client certificate need no API server.
   */
  public List<String> problems() {
    return clusters.stream().flatMap(cluster -> cluster.problems().stream()).toList();
  }

  /** The ids of all clusters. */
  public Set<String> clusters() {
    return clusters.stream().map(ReviewedCluster::id).collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Asks the API server of each cluster for all of its pods, those that are there after this was
   * called: a list as it is stored, of metadata only, read part by part. Blocks, up to 30 s for
   * each 500 pods, so it is for a few questions and nobody who is in a hurry. Needs our account to
   * be allowed to list pods.
   */
  public PodsThere podsThere() {
    Set<String> uids = new HashSet<>();
    for (ReviewedCluster cluster : clusters) {
      try {
        uids.addAll(cluster.podsThere());
      } catch (IOException e) {
        return new PodsThere.Unknown(String.valueOf(e.getMessage()));
      }
    }
    return new PodsThere.Known(uids);
  }

  /** Ends the clients; reviews under way are given up. */
  @Override
  public void close() {
    clusters.forEach(ReviewedCluster::close);
  }
}
