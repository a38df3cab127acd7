package io.signet.attestation.kubernetes;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestor;
import io.signet.attestation.CompactJws;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Refusal;
import io.signet.attestation.kubernetes.ReviewClient.Failed;
import io.signet.attestation.kubernetes.ReviewClient.Reviewed;
import io.signet.spiffe.TrustDomain;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Proves a Kubernetes service account by asking the API server of its cluster to review the token:
 * one TokenReview for each attestation, nothing cached here, and no fallback to another audience
 * (K8S-1, K8S-4). Whatever is wrong with the API server, or with our own access to it, is {@link
 * Refusal.Unavailable}; only what it says of the token makes the token {@link Refusal.Invalid}.
 *
 * <p>Safe for use by many threads; blocks until the API server answers, at most for the deadline.
 */
public final class TokenReviewAttestor implements Attestor, AutoCloseable {

  private final List<Reviewer> reviewers;
  private final Map<String, Reviewer> byName = new LinkedHashMap<>();

  private record Reviewer(Cluster cluster, ReviewClient client, ReviewVerdict verdict) {}

  private TokenReviewAttestor(List<Reviewer> reviewers) {
    this.reviewers = reviewers;
    // K8S-9: a client that sends no cluster id means the local cluster.
    byName.put("", reviewers.getFirst());
    for (Reviewer reviewer : reviewers) {
      byName.put(reviewer.cluster().id(), reviewer);
      reviewer.cluster().aliases().forEach(alias -> byName.put(alias, reviewer));
    }
  }

  /**
   * Prepares the clients, without a request to any API server. Each follows the rotation of its own
   * token within a minute; a new CA or client certificate needs a new attestor.
   *
   * @param clusters at least one; the first is the local cluster (K8S-9)
   * @param trustDomain of all the identities proven here
   * @param deadline within which a review is answered, everything included
   * @throws IllegalArgumentException if there is no cluster, two share a name, or a kubeconfig is
   *     missing or of no use
   */
  public static TokenReviewAttestor open(
      List<Cluster> clusters, TrustDomain trustDomain, Duration deadline, Clock clock) {
    requireDistinct(clusters);
    return new TokenReviewAttestor(
        clusters.stream().map(c -> reviewer(c, trustDomain, deadline, clock)).toList());
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

  private static Reviewer reviewer(
      Cluster cluster, TrustDomain trustDomain, Duration deadline, Clock clock) {
    ApiServer server = ApiServer.of(cluster.kubeconfig());
    return new Reviewer(
        cluster,
        new ReviewClient(server, cluster.audience(), deadline, clock),
        new ReviewVerdict(cluster, trustDomain));
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
    Reviewer reviewer = byName.get(bearer.clusterId());
    return reviewer == null
        ? Attestation.invalid(unknown(bearer.clusterId()))
        : review(reviewer, bearer.token());
  }

  private String unknown(String clusterId) {
    String known = byName.keySet().stream().skip(1).collect(Collectors.joining(", "));
    return "cluster id: none of [%s]: \"%s\"".formatted(known, clusterId);
  }

  private static Attestation review(Reviewer reviewer, String token) {
    return switch (reviewer.client().review(token)) {
      case Reviewed reviewed -> reviewer.verdict().on(reviewed.status(), token);
      case Failed failed ->
          Attestation.unavailable(
              "cluster %s: %s".formatted(reviewer.cluster().id(), failed.detail()));
    };
  }

  /**
   * What keeps clusters from being asked, as their last review showed; empty when nothing is known
   * to. Causes no traffic. A failure counts for half a minute: whoever is taken out of service for
   * it would get no review that could clear it. So this explains a state; it is too weak to decide
   * one, and callers with a client certificate need no API server.
   */
  public Optional<String> problem() {
    String problems =
        reviewers.stream()
            .flatMap(r -> r.client().problem().map(p -> r.cluster().id() + ": " + p).stream())
            .collect(Collectors.joining("; "));
    return problems.isEmpty() ? Optional.empty() : Optional.of(problems);
  }

  /** Ends the clients; reviews under way are given up. */
  @Override
  public void close() {
    reviewers.forEach(reviewer -> reviewer.client().close());
  }
}
