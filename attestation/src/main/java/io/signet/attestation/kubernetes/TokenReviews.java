package io.signet.attestation.kubernetes;

import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.signet.attestation.kubernetes.ApiClient.Answer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Has tokens reviewed by one API server (K8S-1). Those who show the same token while it is under
 * review share that review; an answer is never kept. Safe for use by many threads.
 */
final class TokenReviews implements AutoCloseable {

  private static final String PATH = "apis/authentication.k8s.io/v1/tokenreviews";
  private static final Duration PROBLEM_COUNTS = Duration.ofSeconds(30);
  // Of the deadline, so that the rest is left for the call.
  private static final int PATIENCE_PART = 3;

  private final ApiClient client;
  private final String audience;
  private final CallLimit limit;
  private final Duration deadline;
  private final LongSupplier nanoTime;
  private final Map<String, CompletableFuture<Review>> underWay = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile @Nullable Problem last;

  private record Problem(String detail, long at) {}

  sealed interface Review {}

  /** What the API server says of the token. */
  record Reviewed(TokenReviewStatus status) implements Review {}

  /** Why it says nothing; without anything of the token. */
  record Failed(String detail) implements Review {}

  /**
   * @param deadline within which a review is answered, everything included
   */
  TokenReviews(
      ApiClient client,
      String audience,
      CallLimit limit,
      Duration deadline,
      LongSupplier nanoTime) {
    this.client = client;
    this.audience = audience;
    this.limit = limit;
    this.deadline = deadline;
    this.nanoTime = nanoTime;
  }

  Review review(String token) {
    Review review = await(underWay.computeIfAbsent(token, this::launch));
    last =
        review instanceof Failed failed ? new Problem(failed.detail(), nanoTime.getAsLong()) : null;
    return review;
  }

  private Review await(CompletableFuture<Review> answer) {
    try {
      return answer.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return late();
    } catch (ExecutionException e) {
      return failed(String.valueOf(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed("interrupted");
    }
  }

  /** On a thread of its own: nobody who waits for it can end it for the others. */
  private CompletableFuture<Review> launch(String token) {
    CompletableFuture<Review> answer = new CompletableFuture<>();
    try {
      threads.execute(() -> answer(token, answer));
    } catch (RejectedExecutionException closed) {
      answer.complete(failed("closed"));
    }
    return answer;
  }

  private void answer(String token, CompletableFuture<Review> answer) {
    try {
      Review review = limited(token);
      // First out of sight: whoever comes after the answer gets one of its own.
      underWay.remove(token);
      answer.complete(review);
    } catch (RuntimeException | Error e) {
      underWay.remove(token);
      answer.completeExceptionally(e);
    }
  }

  private Review limited(String token) {
    long start = nanoTime.getAsLong();
    try {
      if (!limit.enter(deadline.dividedBy(PATIENCE_PART))) {
        return failed("too many reviews at once, or more than review-rate allows");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed("interrupted");
    }
    try {
      return ask(token, deadline.minusNanos(nanoTime.getAsLong() - start));
    } finally {
      limit.leave();
    }
  }

  private Review ask(String token, Duration rest) {
    try {
      return read(client.post(PATH, review(audience, token), rest), token);
    } catch (ApiException e) {
      return new Failed(String.valueOf(e.getMessage()));
    }
  }

  private static TokenReview review(String audience, String token) {
    return new TokenReviewBuilder()
        .withNewSpec()
        .withToken(token)
        .withAudiences(audience)
        .endSpec()
        .build();
  }

  // The API server is free to quote the token in what it says of it; our log is not. Here, before
  // any part of it is taken or cut.
  private Review read(Answer answer, String token) throws ApiException {
    String body = new String(answer.body(), StandardCharsets.UTF_8).replace(token, "[token]");
    if (!answer.isSuccess()) {
      throw client.refused(PATH, answer.code(), body);
    }
    TokenReview review = client.parse(body, TokenReview.class);
    return review == null || review.getStatus() == null
        ? failed("the answer is no TokenReview with a status")
        : new Reviewed(review.getStatus());
  }

  private Failed late() {
    return failed("no answer within %d ms".formatted(deadline.toMillis()));
  }

  private Failed failed(String what) {
    return new Failed(client.url(PATH) + ": " + what);
  }

  /** Why the last review failed, if it did and not long ago. */
  Optional<String> problem() {
    Problem problem = last;
    return problem == null || nanoTime.getAsLong() - problem.at() > PROBLEM_COUNTS.toNanos()
        ? Optional.empty()
        : Optional.of(problem.detail());
  }

  /** Gives up the reviews under way. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
