package io.signet.attestation.kubernetes;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects of one API server, each with one try within the deadline, and no more than a few at
 * a time: whoever comes beyond that waits for its turn, also within the deadline. It speaks HTTP
 * itself, below fabric8's typed client, since that waits without end for a body that stalls.
 */
final class ApiReader implements AutoCloseable {

  // The API server counts a list of pods as ten requests where there are many, and gives all
  // accounts of workloads together a few hundred at a time (its priority level workload-low).
  private static final int AT_A_TIME = 16;

  private static final String NOT_FOUND = "NotFound";

  private final KubernetesClient client;
  private final URI server;
  private final Duration deadline;
  private final Semaphore turns = new Semaphore(AT_A_TIME, true);

  /**
   * @param deadline of each read, everything included
   */
  ApiReader(ApiServer server, Duration deadline, Clock clock) {
    this.client = server.client(deadline, clock);
    this.server = server.url();
    this.deadline = deadline;
  }

  /**
   * The object at a path; empty when the API server says that there is none.
   *
   * @param path below the server's own, with its query
   * @throws PodsUnknownException if there is no answer in time, or none that says either
   */
  <T> Optional<T> read(String path, Class<T> type) throws PodsUnknownException {
    URI url = server.resolve(path);
    HttpResponse<byte[]> response = answer(url);
    Object body = parsed(new String(response.body(), StandardCharsets.UTF_8));
    if (response.isSuccessful() && type.isInstance(body)) {
      return Optional.of(type.cast(body));
    }
    // Not every 404 says that: a proxy in between gives them too.
    if (response.code() == 404
        && body instanceof Status status
        && NOT_FOUND.equals(status.getReason())) {
      return Optional.empty();
    }
    throw failed(url, refusal(response.code(), body, type));
  }

  private HttpResponse<byte[]> answer(URI url) throws PodsUnknownException {
    long end = System.nanoTime() + deadline.toNanos();
    try {
      if (!turns.tryAcquire(deadline.toNanos(), TimeUnit.NANOSECONDS)) {
        throw failed(url, "no turn within %d ms".formatted(deadline.toMillis()));
      }
      try {
        return answer(url, end - System.nanoTime());
      } finally {
        turns.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(url, "interrupted");
    }
  }

  private HttpResponse<byte[]> answer(URI url, long nanos)
      throws InterruptedException, PodsUnknownException {
    CompletableFuture<HttpResponse<byte[]>> call =
        client.getHttpClient().sendAsync(request(url), byte[].class);
    try {
      return call.get(nanos, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw late(url);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof HttpTimeoutException
          ? late(url)
          : failed(url, text(e.getCause()));
    } finally {
      call.cancel(true);
    }
  }

  private HttpRequest request(URI url) {
    return client
        .getHttpClient()
        .newHttpRequestBuilder()
        .uri(url)
        .timeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .build();
  }

  private PodsUnknownException late(URI url) {
    return failed(url, "no answer within %d ms".formatted(deadline.toMillis()));
  }

  private static PodsUnknownException failed(URI url, String what) {
    return new PodsUnknownException(url + ": " + what);
  }

  /** The innermost message says most: {@code ConnectException} itself has none. */
  private static String text(@Nullable Throwable failure) {
    String text = String.valueOf(failure);
    for (Throwable t = failure; t != null; t = t.getCause()) {
      text = t.getMessage() == null ? text : t.toString();
    }
    return text;
  }

  /** An object of the kind that it says it is; null for anything else. */
  private @Nullable Object parsed(String json) {
    // fabric8 would read anything else as YAML.
    if (!json.startsWith("{")) {
      return null;
    }
    try {
      return client.getKubernetesSerialization().unmarshal(json);
    } catch (KubernetesClientException | IllegalArgumentException malformed) {
      return null;
    }
  }

  private static String refusal(int code, @Nullable Object body, Class<?> expected) {
    if (body instanceof Status status) {
      return "HTTP " + code + ": " + requireNonNullElse(status.getMessage(), "");
    }
    return "HTTP %d, and no %s".formatted(code, expected.getSimpleName());
  }

  /** Ends the client; reads under way are given up. */
  @Override
  public void close() {
    client.close();
  }
}
