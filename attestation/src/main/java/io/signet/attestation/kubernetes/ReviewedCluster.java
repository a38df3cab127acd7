package io.signet.attestation.kubernetes;

import io.signet.attestation.Attestation;
import io.signet.attestation.kubernetes.TokenReviews.Failed;
import io.signet.attestation.kubernetes.TokenReviews.Reviewed;
import io.signet.spiffe.TrustDomain;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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

  private final Cluster cluster;
  private final ApiClient client;
  private final TokenReviews reviews;
  private final ReviewVerdict verdict;

  private ReviewedCluster(
      Cluster cluster, ApiClient client, TokenReviews reviews, ReviewVerdict verdict) {
    this.cluster = cluster;
    this.client = client;
    this.reviews = reviews;
    this.verdict = verdict;
  }

  /**
   * @throws IllegalArgumentException if the kubeconfig is missing or of no use
   */
  static ReviewedCluster open(
      Cluster cluster,
      TrustDomain trustDomain,
      Duration deadline,
      Clock clock,
      LongSupplier nanoTime) {
    ApiClient client = new ApiClient(ApiServer.of(cluster.kubeconfig()), deadline, clock);
    CallLimit limit =
        new CallLimit(REVIEWS_AT_ONCE, REVIEWS_WAITING, cluster.reviewsPerSecond(), nanoTime);
    return new ReviewedCluster(
        cluster,
        client,
        new TokenReviews(client, cluster.audience(), limit, deadline, nanoTime),
        new ReviewVerdict(cluster, trustDomain));
  }

  Attestation attest(String token) {
    return switch (reviews.review(token)) {
      case Reviewed reviewed -> verdict.on(reviewed.status(), token);
      case Failed failed ->
          Attestation.unavailable("cluster %s: %s".formatted(cluster.id(), failed.detail()));
    };
  }

  /** What does not work now, and what to check. */
  List<String> problems() {
    Optional<String> review =
        reviews
            .problem()
            .map(why ->
                "cluster %s: %s; check it, and our account there".formatted(cluster.id(), why));
    return review.stream().toList();
  }

  /** Ends the clients; reviews under way are given up. */
  @Override
  public void close() {
    reviews.close();
    client.close();
  }
}
