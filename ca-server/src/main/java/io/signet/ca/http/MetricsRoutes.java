package io.signet.ca.http;

import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.HEAD;

import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.function.Supplier;

/** {@code /metrics} in Prometheus' text format 0.0.4. */
public final class MetricsRoutes implements Routes {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final Supplier<String> scrape;

  /**
   * @param scrape may block
   */
  public MetricsRoutes(Supplier<String> scrape) {
    this.scrape = scrape;
  }

  @Override
  public void mount(Router router) {
    router.route("/metrics").method(GET).method(HEAD).handler(this::metrics);
  }

  private void metrics(RoutingContext request) {
    request
        .vertx()
        .executeBlocking(scrape::get, false)
        .onSuccess(text -> Answers.text(request, 200, TEXT, text))
        .onFailure(request::fail);
  }
}
