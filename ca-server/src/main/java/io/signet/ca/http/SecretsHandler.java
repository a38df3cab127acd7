package io.signet.ca.http;

import static io.vertx.core.http.HttpMethod.POST;

import io.signet.ca.caller.CallerCheck;
import io.signet.ca.http.SecretsServer.Fetch;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;

/** Lets in what is a request for secrets. */
record SecretsHandler(Vertx vertx, CallerCheck check, Fetch fetch)
    implements Handler<HttpServerRequest> {
  private static final String PATH = "/v3/discovery:secrets";

  @Override
  public void handle(HttpServerRequest request) {
    var exchange = new SecretsExchange(request, vertx.getOrCreateContext(), check, fetch);
    if (!PATH.equals(request.path())) {
      exchange.refuse(HttpStatus.NO_SUCH_PATH);
    } else if (!POST.equals(request.method())) {
      exchange.refuse(HttpStatus.NO_SUCH_METHOD);
    } else {
      exchange.begin();
    }
  }
}
