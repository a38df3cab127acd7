package io.signet.attestation.kubernetes;

import io.signet.attestation.Attestation;
import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.kubernetes.TokenReviews.Failed;
import io.signet.attestation.kubernetes.TokenReviews.Reviewed;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/**
 * One cluster with all that judges its tokens: a client, limits and, if it is judged locally, keys
 * and watches of its own, so that nothing of one cluster waits for another. Safe for use by many
 * threads.
 */
final class ReviewedCluster implements AutoCloseable {

  // Half of the writes that an API server serves at once by default, for all its clients.
  private static final int REVIEWS_AT_ONCE = 100;
  private static final int REVIEWS_WAITING = 400;

  // The API server counts a list of pods as ten requests where there are many, and gives all
  // accounts of workloads together a few hundred at a time (its priority level workload-low).
  private static final int LOOKUPS_AT_ONCE = 16;

  private static final String PODS = "api/v1/pods";

  // As a watch has it: an API server with many pods takes a while, and nobody waits for us.
  private static final Duration LIST_PART = Duration.ofSeconds(30);

  private final Cluster cluster;
  private final ApiClient client;
  private final TokenReviews reviews;
  private final ReviewVerdict verdict;
  private final Optional<Local> local;
  private final Semaphore lookups = new Semaphore(LOOKUPS_AT_ONCE, true);

  /** What it takes to judge without asking. */
  private record Local(ClusterKnowledge knowledge, LocalReview review) {}

  private ReviewedCluster(
      Cluster cluster,
      ApiClient client,
      TokenReviews reviews,
      ReviewVerdict verdict,
      Optional<Local> local) {
    this.cluster = cluster;
    this.client = client;
    this.reviews = reviews;
    this.verdict = verdict;
    this.local = local;
  }

  /**
   * @param pace of what is to be known for {@link Cluster.Review#LOCAL}
   * @throws IllegalArgumentException if the kubeconfig is missing or of no use
   */
  static ReviewedCluster open(
      Cluster cluster,
      TrustDomain trustDomain,
      Duration deadline,
      ClusterKnowledge.Pace pace,
      Clock clock,
      LongSupplier nanoTime) {
    ApiClient client = new ApiClient(ApiServer.of(cluster.kubeconfig()), deadline, clock);
    CallLimit limit =
        new CallLimit(REVIEWS_AT_ONCE, REVIEWS_WAITING, cluster.reviewsPerSecond(), nanoTime);
    return new ReviewedCluster(
        cluster,
        client,
        new TokenReviews(client, cluster.audience(), limit, deadline, nanoTime),
        new ReviewVerdict(cluster, trustDomain),
        switch (cluster.review()) {
          case API -> Optional.empty();
          case LOCAL ->
              Optional.of(
                  local(
                      cluster,
                      trustDomain,
                      ClusterKnowledge.gather(client, pace, nanoTime),
                      clock));
        });
  }

  private static Local local(
      Cluster cluster, TrustDomain trustDomain, ClusterKnowledge knowledge, Clock clock) {
    return new Local(
        knowledge,
        new LocalReview(
            cluster,
            trustDomain,
            knowledge::issuerOf,
            knowledge.accounts(),
            knowledge.pods(),
            knowledge.nodes(),
            clock));
  }

  Attestation attest(String token) {
    return local
        .flatMap(l -> l.review().prove(token))
        .<Attestation>map(Attestation.Proven::new)
        .orElseGet(() -> ask(token));
  }

  private Attestation ask(String token) {
    return switch (reviews.review(token)) {
      case Reviewed reviewed -> verdict.on(reviewed.status(), token);
      case Failed failed -> Attestation.unavailable(named(failed.detail()));
    };
  }

  String id() {
    return cluster.id();
  }

  Set<ServiceAccountName> trustedNodeAccounts() {
    return cluster.trustedNodeAccounts();
  }

  /**
   * Who can tell of its pods: first what a watch lately told, if there is one, which costs nothing;
   * last the API server itself.
   *
   * @param patience for all questions together, from now on
   */
  List<Pods> pods(Duration patience) {
    Pods live = new LivePods(client, lookups, patience);
    return local
        .map(l -> l.knowledge().pods())
        .filter(KnownObjects::isFresh)
        .<List<Pods>>map(known -> List.of(new WatchedPods(known), live))
        .orElse(List.of(live));
  }

  /**
   * The UIDs of all pods that are there after this was called.
   *
   * @throws IOException if that cannot be told now; names this cluster
   */
  Set<String> podsThere() throws IOException {
    Set<String> uids = new HashSet<>();
    ObjectList pods =
        new ObjectList(client, PODS, ObjectList.METADATA, LIST_PART, pod -> uids.add(pod.uid()));
    try {
      String _ = pods.read();
      if (uids.contains("")) {
        throw new IOException(client.url(PODS) + ": a pod without a UID");
      }
    } catch (IOException e) {
      throw new IOException(named("which pods there are: " + e.getMessage()), e);
    }
    return uids;
  }

  /** What does not work now, and what to check. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    reviews
        .problem()
        .map(why -> why + "; check it, and our account there")
        .ifPresent(problems::add);
    List<String> gaps = local.map(l -> l.knowledge().gaps()).orElse(List.of());
    if (!gaps.isEmpty()) {
      problems.add(
          "each token is reviewed by the API server until more is known ("
              + String.join("; ", gaps)
              + "); check it, and what our account there may get, list and watch");
    }
    return problems.stream().map(this::named).toList();
  }

  private String named(String problem) {
    return "cluster %s: %s".formatted(cluster.id(), problem);
  }

  /** Ends the clients; reviews under way are given up. */
  @Override
  public void close() {
    local.ifPresent(l -> l.knowledge().close());
    reviews.close();
    client.close();
  }
}
