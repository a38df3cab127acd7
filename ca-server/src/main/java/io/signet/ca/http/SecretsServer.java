package io.signet.ca.http;

import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.StatusException;
import io.signet.ca.caller.CallerCheck;
import io.signet.ca.tls.ServingCertificate;
import io.signet.sds.envoy.Caller;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Envoy's Secret Discovery Service by REST (SDS-1, SDS-22): {@code POST /v3/discovery:secrets} with
 * a {@code DiscoveryRequest} as JSON. HTTP/1.1 and HTTP/2, over TLS only, for private keys are in
 * the answers. Safe for use by many threads.
 */
public final class SecretsServer implements AutoCloseable {

  // As on the workload plane: tokens of some issuers are large.
  private static final int LARGEST_HEADERS = 64 * 1024;

  // Of one connection at once; each may hold a body in memory before anybody is attested.
  private static final int MOST_REQUESTS = 100;

  private static final int BACKLOG = 1024;
  private static final int IDLE_SECONDS = 60;

  // Longer than a fetch waits for a secret that is still being made.
  private static final int STOP_SECONDS = 8;

  private final HttpListener listener;

  /** Where the secrets come from. */
  @FunctionalInterface
  public interface Fetch {

    /**
     * What the caller may have of the names that it asks for. Must not block.
     *
     * @return fails with a {@link StatusException}; is cancelled when the caller has gone
     */
    CompletableFuture<DiscoveryResponse> fetch(Caller caller, DiscoveryRequest request);
  }

  private SecretsServer(HttpListener listener) {
    this.listener = listener;
  }

  /**
   * Serves until it is closed.
   *
   * @param address port 0 lets the system choose
   * @param serving asked at each handshake, so a renewed certificate needs no restart
   * @param check says who calls
   * @throws IOException if the address cannot be served; the message names it and the cause
   */
  public static SecretsServer start(
      InetSocketAddress address,
      Supplier<ServingCertificate> serving,
      CallerCheck check,
      Fetch fetch)
      throws IOException {
    return new SecretsServer(
        HttpListener.start(
            "SDS by REST",
            address,
            ServingEngine.serve(options(), serving),
            STOP_SECONDS,
            vertx -> new SecretsHandler(vertx, check, fetch)));
  }

  private static HttpServerOptions options() {
    return new HttpServerOptions()
        .setHandle100ContinueAutomatically(true)
        .setMaxHeaderSize(LARGEST_HEADERS)
        .setInitialSettings(
            new Http2Settings()
                .setMaxConcurrentStreams(MOST_REQUESTS)
                .setMaxHeaderListSize(LARGEST_HEADERS))
        .setAcceptBacklog(BACKLOG)
        .setIdleTimeout(IDLE_SECONDS);
  }

  /** The TCP port, which the system chose if it was asked to. */
  public int port() {
    return listener.port();
  }

  /** Lets requests in flight be answered, for at most 8 s. */
  @Override
  public void close() {
    listener.close();
  }
}
