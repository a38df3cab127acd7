package io.signet.attestation.kubernetes;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Sends TokenReviews to one API server. It speaks HTTP itself, below fabric8's typed client, since
 * that waits without end for a body that stalls.
 */
final class ReviewClient implements AutoCloseable {

  private static final Duration PROBLEM_COUNTS = Duration.ofSeconds(30);

  private final KubernetesClient client;
  private final URI url;
  private final String audience;
  private final Duration deadline;
  private final Clock clock;
  private volatile @Nullable Problem last;

  private record Problem(String detail, Instant at) {}

  sealed interface Review {}

  /** What the API server says of the token. */
  record Reviewed(TokenReviewStatus status) implements Review {}

  /** Why it says nothing; without anything of the token. */
  record Failed(String detail) implements Review {}

  ReviewClient(ApiServer server, String audience, Duration deadline, Clock clock) {
    this.client = server.client(deadline, clock);
    this.url = server.url().resolve("apis/authentication.k8s.io/v1/tokenreviews");
    this.audience = audience;
    this.deadline = deadline;
    this.clock = clock;
  }

  Review review(String token) {
    Review review = answer(client.getHttpClient().sendAsync(request(token), byte[].class), token);
    last = review instanceof Failed failed ? new Problem(failed.detail(), clock.instant()) : null;
    return review;
  }

  private HttpRequest request(String token) {
    TokenReview review =
        new TokenReviewBuilder()
            .withNewSpec()
            .withToken(token)
            .withAudiences(audience)
            .endSpec()
            .build();
    return client
        .getHttpClient()
        .newHttpRequestBuilder()
        .uri(url)
        .timeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .post("application/json", client.getKubernetesSerialization().asJson(review))
        .build();
  }

  private Review answer(CompletableFuture<HttpResponse<byte[]>> call, String token) {
    try {
      return read(call.get(deadline.toNanos(), TimeUnit.NANOSECONDS), token);
    } catch (TimeoutException e) {
      call.cancel(true);
      return late();
    } catch (ExecutionException e) {
      return e.getCause() instanceof HttpTimeoutException ? late() : failed(text(e.getCause()));
    } catch (InterruptedException e) {
      call.cancel(true);
      Thread.currentThread().interrupt();
      return failed("interrupted");
    }
  }

  private Failed late() {
    return failed("no answer within %d ms".formatted(deadline.toMillis()));
  }

  /** The innermost message says most: {@code ConnectException} itself has none. */
  private static String text(@Nullable Throwable failure) {
    String text = String.valueOf(failure);
    for (Throwable t = failure; t != null; t = t.getCause()) {
      text = t.getMessage() == null ? text : t.toString();
    }
    return text;
  }

  private Failed failed(String what) {
    return new Failed(url + ": " + what);
  }

  // The API server is free to quote the token in what it says of it; our log is not. Here, before
  // any part of it is taken or cut.
  private Review read(HttpResponse<byte[]> response, String token) {
    String body = new String(response.body(), StandardCharsets.UTF_8).replace(token, "[token]");
    return response.isSuccessful() ? reviewed(body) : refused(response.code(), body);
  }

  private Review reviewed(String body) {
    TokenReview review = parse(body, TokenReview.class);
    return review == null || review.getStatus() == null
        ? failed("the answer is no TokenReview with a status")
        : new Reviewed(review.getStatus());
  }

  /**
   * Any status but success is about our request, not the token: 401 and 403 mean that our own
   * account is refused.
   */
  private Failed refused(int code, String body) {
    Status status = parse(body, Status.class);
    String message = status == null ? "" : requireNonNullElse(status.getMessage(), "");
    return failed(message.isEmpty() ? "HTTP " + code : "HTTP " + code + ": " + message);
  }

  private <T> @Nullable T parse(String json, Class<T> type) {
    // fabric8 would read anything else as YAML.
    if (!json.startsWith("{")) {
      return null;
    }
    try {
      return client.getKubernetesSerialization().unmarshal(json, type);
    } catch (KubernetesClientException | IllegalArgumentException malformed) {
      // Its message may quote the body, and the API server repeats the token there.
      return null;
    }
  }

  Optional<String> problem() {
    Problem problem = last;
    return problem == null || problem.at().plus(PROBLEM_COUNTS).isBefore(clock.instant())
        ? Optional.empty()
        : Optional.of(problem.detail());
  }

  @Override
  public void close() {
    client.close();
  }
}
