package io.signet.ca.http;

import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/** An answer that is made away from the event loop, and sent on it. */
record Answer(int status, JsonObject body) {

  /** The log knows why. */
  static final Answer STORE_AWAY = error(503, "the store cannot be reached now; try again later");

  static Answer error(int status, String message) {
    return new Answer(status, JsonObject.of("error", message));
  }

  void to(RoutingContext request) {
    if (status == 401) {
      var _ = request.response().putHeader("www-authenticate", "Bearer");
    }
    Answers.json(request, status, body);
  }
}
