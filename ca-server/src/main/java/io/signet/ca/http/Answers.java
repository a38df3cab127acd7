package io.signet.ca.http;

import static io.vertx.core.http.HttpHeaders.CONTENT_TYPE;
import static io.vertx.core.http.HttpMethod.HEAD;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the operator plane answers: always JSON, and no word of an internal error. */
final class Answers {
  private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

  private static final String JSON = "application/json";

  private Answers() {}

  static void json(RoutingContext request, int status, JsonObject body) {
    text(request, status, JSON, body.encode() + "\n");
  }

  /** What is JSON already. */
  static void json(RoutingContext request, Buffer body) {
    var response = request.response().putHeader(CONTENT_TYPE, JSON);
    var _ = request.request().method().equals(HEAD) ? response.end() : response.end(body);
  }

  /** Without the body for HEAD, which Vert.x would send over HTTP/2. */
  static void text(RoutingContext request, int status, String type, String body) {
    var response = request.response().setStatusCode(status).putHeader(CONTENT_TYPE, type);
    var _ = request.request().method().equals(HEAD) ? response.end() : response.end(body);
  }

  static void errors(Router router) {
    router.errorHandler(404, request -> error(request, 404, "no such path"));
    router.errorHandler(405, request -> error(request, 405, "method not allowed"));
    router.errorHandler(400, request -> error(request, 400, "no such request"));
    router.errorHandler(413, request -> error(request, 413, "body too large"));
    router.errorHandler(500, Answers::internal);
  }

  private static void internal(RoutingContext request) {
    LOG.error(
        "{} {} failed", request.request().method(), request.normalizedPath(), request.failure());
    error(request, 500, "internal error");
  }

  static void error(RoutingContext request, int status, String message) {
    json(request, status, JsonObject.of("error", message));
  }
}
