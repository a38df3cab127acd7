package io.signet.hsm.vault;

import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * One exchange over a shared client, as the driver may send it. The driver's own time limit ends
 * with the headers of an answer, its memory has none, and of an answer it shows neither the headers
 * nor, when it throws, the body. For one call and one thread.
 */
final class Exchange extends HttpClient {

  private static final long LONGEST_BODY = 1 << 20;

  private final HttpClient shared;
  private final Map<String, String> headers;
  private final Deadline deadline;
  private @Nullable HttpResponse<?> response;

  Exchange(HttpClient shared, Map<String, String> headers, Deadline deadline) {
    this.shared = shared;
    this.headers = headers;
    this.deadline = deadline;
  }

  /** What has come back, with its body as text; empty when nothing did. */
  Optional<HttpResponse<?>> response() {
    return Optional.ofNullable(response);
  }

  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<T>> coming = sendAsync(request, handler);
    try {
      HttpResponse<T> complete = coming.get(deadline.left(), TimeUnit.NANOSECONDS);
      response = complete;
      return complete;
    } catch (TimeoutException e) {
      throw new HttpTimeoutException("no answer in time");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } finally {
      boolean _ = coming.cancel(true);
    }
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler) {
    return shared.sendAsync(withHeaders(request), BodyHandlers.limiting(handler, LONGEST_BODY));
  }

  // The driver knows the namespace only, and would write a line to the log for each request.
  private HttpRequest withHeaders(HttpRequest request) {
    HttpRequest.Builder more = HttpRequest.newBuilder(request, (_, _) -> true);
    headers.forEach(more::header);
    return more.build();
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler, @Nullable PushPromiseHandler<T> pushes) {
    return sendAsync(request, handler);
  }

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return shared.cookieHandler();
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return shared.connectTimeout();
  }

  @Override
  public Redirect followRedirects() {
    return shared.followRedirects();
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return shared.proxy();
  }

  @Override
  public SSLContext sslContext() {
    return shared.sslContext();
  }

  @Override
  public SSLParameters sslParameters() {
    return shared.sslParameters();
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return shared.authenticator();
  }

  @Override
  public Version version() {
    return shared.version();
  }

  @Override
  public Optional<Executor> executor() {
    return shared.executor();
  }
}
