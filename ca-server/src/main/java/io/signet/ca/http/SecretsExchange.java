package io.signet.ca.http;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.StatusException;
import io.signet.attestation.Evidence;
import io.signet.ca.caller.CallerCheck;
import io.signet.ca.caller.Origin;
import io.signet.ca.caller.ShownEvidence;
import io.signet.ca.caller.Statuses;
import io.signet.ca.http.SecretsServer.Fetch;
import io.signet.sds.envoy.Caller;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * One request for secrets: its body is read on the event loop, it is judged on a thread of its own,
 * for that may block, and answered on the event loop again.
 */
final class SecretsExchange {
  private static final Logger LOG = LoggerFactory.getLogger(SecretsExchange.class);
  private static final String LOGGED_ID = "request";

  /** As on the workload plane. */
  static final int LARGEST_BODY = 1024 * 1024;

  // What a client may still send that was told that it is too much.
  private static final int MOST_IGNORED = 4 * LARGEST_BODY;

  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final CallerCheck check;
  private final Fetch fetch;
  private final Origin origin;
  private final Context loop;
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private final Buffer body = Buffer.buffer();
  private long received;

  /**
   * On the event loop of the request.
   *
   * @param loop that is it
   */
  SecretsExchange(HttpServerRequest request, Context loop, CallerCheck check, Fetch fetch) {
    this.request = request;
    this.response = request.response();
    this.loop = loop;
    this.check = check;
    this.fetch = fetch;
    this.origin = Origin.of(InetAddress.ofLiteral(request.remoteAddress().hostAddress()));
  }

  /** Reads the body, and goes on when it is there. */
  void begin() {
    List<Evidence> shown =
        ShownEvidence.of(
            request.headers().getAll(ShownEvidence.AUTHORIZATION),
            request.headers().getAll(ShownEvidence.CLUSTER),
            request.connection().sslSession());
    response.closeHandler(_ -> gone.complete(null)).exceptionHandler(_ -> gone.complete(null));
    var _ =
        request
            .exceptionHandler(_ -> gone.complete(null))
            .handler(this::more)
            .endHandler(_ -> whole(shown));
  }

  private void more(Buffer part) {
    received += part.length();
    if (received <= LARGEST_BODY) {
      body.appendBuffer(part);
    } else if (received > MOST_IGNORED) {
      var _ = request.connection().close();
    } else if (!response.ended()) {
      refuse(HttpStatus.tooLarge(LARGEST_BODY));
    }
  }

  private void whole(List<Evidence> shown) {
    if (received <= LARGEST_BODY) {
      var _ = Thread.ofVirtual().name("sds-rest").start(() -> judge(shown));
    }
  }

  private void judge(List<Evidence> shown) {
    try (var _ = MDC.putCloseable(LOGGED_ID, origin.id())) {
      Caller caller = check.attest(origin, gone::isDone, shown);
      awaited(fetch.fetch(caller, SecretsJson.request(body.getBytes())));
    } catch (StatusException | RuntimeException e) {
      later(refusal(e));
    }
  }

  private void awaited(CompletableFuture<DiscoveryResponse> secrets) {
    var _ = gone.thenRun(() -> secrets.cancel(false));
    var _ =
        secrets.whenComplete(
            (found, failure) -> later(failure == null ? answer(found) : refusal(failure)));
  }

  private Runnable answer(DiscoveryResponse secrets) {
    try {
      String json = SecretsJson.response(secrets);
      return () -> end(200, json);
    } catch (InvalidProtocolBufferException e) {
      return refusal(e);
    }
  }

  private Runnable refusal(Throwable failure) {
    HttpStatus status =
        failure instanceof StatusException told
            ? HttpStatus.of(told.getStatus())
            : ourFault(failure);
    return () -> refuse(status);
  }

  private HttpStatus ourFault(Throwable failure) {
    if (!(failure instanceof CancellationException)) {
      LOG.error("request {} ended without an outcome", origin.id(), failure);
    }
    return HttpStatus.of(Statuses.ourFault());
  }

  private void later(Runnable answer) {
    loop.runOnContext(_ -> answer.run());
  }

  /** On the event loop. */
  void refuse(HttpStatus status) {
    status.headers().forEach(response::putHeader);
    end(status.http(), SecretsJson.refusal(status));
  }

  // Answers hold private keys, which nobody between us and the caller is to keep.
  private void end(int status, String json) {
    if (gone.isDone() || response.ended()) {
      return;
    }
    var _ =
        response
            .setStatusCode(status)
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
            .putHeader(Origin.REQUEST_ID, origin.id())
            .end(json);
  }
}
