package io.signet.attestation.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Speaks HTTP with one API server as ourselves, below fabric8's typed client, since that waits
 * without end for a body that stalls. Safe for use by many threads.
 */
final class ApiClient implements AutoCloseable {

  private static final String JSON = "application/json";

  private final KubernetesClient client;
  private final URI root;

  /** Any HTTP status with its whole body. */
  record Answer(int code, byte[] body) {
    boolean isSuccess() {
      return code / 100 == 2;
    }
  }

  /**
   * @param deadline of those requests that have none of their own
   * @throws IllegalArgumentException if our own credentials cannot be read
   */
  ApiClient(ApiServer server, Duration deadline, Clock clock) {
    this.client = server.client(deadline, clock);
    this.root = server.url();
  }

  /** The address of a path, which begins without a slash. */
  URI url(String path) {
    return root.resolve(path);
  }

  /**
   * Posts an object of the API.
   *
   * @throws ApiException if there is no answer within the deadline
   */
  Answer post(String path, Object object, Duration deadline) throws ApiException {
    String json = client.getKubernetesSerialization().asJson(object);
    return answer(request(path, deadline).post(JSON, json).build(), deadline);
  }

  /**
   * Gets a whole body.
   *
   * @throws ApiException if there is none within the deadline, or a status other than success
   */
  byte[] get(String path, Duration deadline) throws ApiException {
    Answer answer = answer(request(path, deadline).build(), deadline);
    if (!answer.isSuccess()) {
      throw refused(path, answer.code(), new String(answer.body(), UTF_8));
    }
    return answer.body();
  }

  /**
   * Gets an object of the API; empty when the API server says that there is none.
   *
   * @throws ApiException if there is no answer within the deadline, or none that says either
   */
  <T> Optional<T> find(String path, Class<T> type, Duration deadline) throws ApiException {
    Answer answer = answer(request(path, deadline).build(), deadline);
    String text = new String(answer.body(), UTF_8);
    Object object = parse(text);
    if (answer.isSuccess() && type.isInstance(object)) {
      return Optional.of(type.cast(object));
    }
    if (answer.code() == 404 && object instanceof Status status && saysThatThereIsNone(status)) {
      return Optional.empty();
    }
    throw answer.isSuccess() && !(object instanceof Status)
        ? new ApiException("%s: no %s".formatted(url(path), type.getSimpleName()))
        : refused(path, answer.code(), text);
  }

  // Not every 404 does, also of the API server itself: it names the object then.
  private static boolean saysThatThereIsNone(Status status) {
    return "NotFound".equals(status.getReason())
        && status.getDetails() != null
        && status.getDetails().getName() != null;
  }

  /**
   * Gets a body that is read while it comes.
   *
   * @param accept the form of the objects in it
   * @param deadline for its end
   * @throws ApiException if it does not begin within the deadline, or with a status other than
   *     success
   */
  StreamedBody stream(String path, String accept, Duration deadline) throws ApiException {
    var body = new StreamedBody(url(path), deadline);
    HttpRequest request = request(path, deadline).header("Accept", accept).build();
    HttpResponse<AsyncBody> response =
        await(client.getHttpClient().consumeBytes(request, body::arrived), request.uri(), deadline);
    body.begin(response.body());
    if (!response.isSuccessful()) {
      throw refused(path, response.code(), body.text());
    }
    return body;
  }

  private HttpRequest.Builder request(String path, Duration deadline) {
    return client
        .getHttpClient()
        .newHttpRequestBuilder()
        .uri(url(path))
        .timeout(deadline.toMillis(), TimeUnit.MILLISECONDS);
  }

  private Answer answer(HttpRequest request, Duration deadline) throws ApiException {
    HttpResponse<byte[]> response =
        await(client.getHttpClient().sendAsync(request, byte[].class), request.uri(), deadline);
    return new Answer(response.code(), response.body());
  }

  private static <T> T await(CompletableFuture<T> call, URI url, Duration deadline)
      throws ApiException {
    try {
      return call.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      call.cancel(true);
      throw late(url, deadline);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof HttpTimeoutException
          ? late(url, deadline)
          : new ApiException(url + ": " + text(e.getCause()));
    } catch (InterruptedException e) {
      call.cancel(true);
      Thread.currentThread().interrupt();
      throw new ApiException(url + ": interrupted");
    }
  }

  private static ApiException late(URI url, Duration deadline) {
    return new ApiException("%s: no answer within %d ms".formatted(url, deadline.toMillis()));
  }

  /** The innermost message says most: {@code ConnectException} itself has none. */
  private static String text(@Nullable Throwable failure) {
    String text = String.valueOf(failure);
    for (Throwable t = failure; t != null; t = t.getCause()) {
      text = t.getMessage() == null ? text : t.toString();
    }
    return text;
  }

  /**
   * What a status other than success means. It is about our request: 401 and 403 mean that our own
   * account is refused.
   *
   * @param body what came with it
   */
  ApiException refused(String path, int code, String body) {
    Status status = parse(body, Status.class);
    String message = status == null ? "" : requireNonNullElse(status.getMessage(), "");
    return new ApiException(
        code, url(path) + ": HTTP " + code + (message.isEmpty() ? "" : ": " + message));
  }

  /** The object of the API that the text is; null if it is none. */
  <T> @Nullable T parse(String json, Class<T> type) {
    return parse(json, text -> client.getKubernetesSerialization().unmarshal(text, type));
  }

  /** An object of the kind that it says it is; null for anything else. */
  private @Nullable Object parse(String json) {
    return parse(json, text -> client.getKubernetesSerialization().unmarshal(text));
  }

  private static <T> @Nullable T parse(String json, Function<String, @Nullable T> unmarshal) {
    // fabric8 would read anything else as YAML.
    if (!json.startsWith("{")) {
      return null;
    }
    try {
      return unmarshal.apply(json);
    } catch (KubernetesClientException | IllegalArgumentException malformed) {
      // Its message may quote the body, and the API server repeats a token there.
      return null;
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
