package io.signet.attestation.kubernetes;

import static java.util.Objects.requireNonNullElse;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

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
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects of one API server, each with one try, and no more than a few at a time: whoever
 * comes beyond that waits for its turn. It speaks HTTP itself, below fabric8's typed client, since
 * that waits without end for a body that stalls. Safe for use by many threads.
 */
final class ApiReader implements AutoCloseable {

  // The API server counts a list of pods as ten requests where there are many, and gives all
  // accounts of workloads together a few hundred at a time (its priority level workload-low).
  private static final int AT_A_TIME = 16;

  private final KubernetesClient client;
  private final URI server;
  private final Duration longest;
  private final Semaphore turns = new Semaphore(AT_A_TIME, true);

  /**
   * @param longest that a read is given
   */
  ApiReader(ApiServer server, Duration longest, Clock clock) {
    this.client = server.client(longest, clock);
    this.server = server.url();
    this.longest = longest;
  }

  /**
   * The object at a path; empty when the API server says that there is none.
   *
   * @param path below the server's own, with its query
   * @param end of all waiting, on the clock of {@link System#nanoTime}
   * @throws NoAnswerException if there is no answer in time, or none that says either
   */
  <T> Optional<T> read(String path, Class<T> type, long end) throws NoAnswerException {
    URI url = server.resolve(path);
    HttpResponse<byte[]> response = answer(url, end);
    Object body = parsed(new String(response.body(), StandardCharsets.UTF_8));
    if (response.isSuccessful() && type.isInstance(body)) {
      return Optional.of(type.cast(body));
    }
    if (response.code() == 404 && body instanceof Status status && saysThatThereIsNone(status)) {
      return Optional.empty();
    }
    throw failed(url, refusal(response.code(), body, type));
  }

  // Not every 404 does, also of the API server itself: it names the object then.
  private static boolean saysThatThereIsNone(Status status) {
    return "NotFound".equals(status.getReason())
        && status.getDetails() != null
        && status.getDetails().getName() != null;
  }

  private HttpResponse<byte[]> answer(URI url, long end) throws NoAnswerException {
    try {
      if (!turns.tryAcquire(end - System.nanoTime(), NANOSECONDS)) {
        throw failed(url, "no turn in time");
      }
      try {
        return sent(url, end);
      } finally {
        turns.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(url, "interrupted");
    }
  }

  private HttpResponse<byte[]> sent(URI url, long end)
      throws InterruptedException, NoAnswerException {
    CompletableFuture<HttpResponse<byte[]>> call =
        client.getHttpClient().sendAsync(request(url), byte[].class);
    try {
      return call.get(end - System.nanoTime(), NANOSECONDS);
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
        .timeout(longest.toMillis(), MILLISECONDS)
        .build();
  }

  private static NoAnswerException late(URI url) {
    return failed(url, "no answer in time");
  }

  private static NoAnswerException failed(URI url, String what) {
    return new NoAnswerException(url + ": " + what);
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
