package io.signet.ca.http;

import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.HEAD;

import io.signet.ca.http.Readiness.Problem;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;

/**
 * {@code /healthz/live}: the process answers. {@code /healthz/ready}: 200 when it can do its work,
 * else 503; either way with each thing that is not as it should be.
 */
public final class HealthRoutes implements Routes {
  private final Readiness readiness;

  public HealthRoutes(Readiness readiness) {
    this.readiness = readiness;
  }

  @Override
  public void mount(Router router) {
    router.route("/healthz/live").method(GET).method(HEAD).handler(HealthRoutes::live);
    router.route("/healthz/ready").method(GET).method(HEAD).handler(this::ready);
  }

  private static void live(RoutingContext request) {
    Answers.json(request, 200, JsonObject.of("live", true));
  }

  private void ready(RoutingContext request) {
    request
        .vertx()
        .executeBlocking(readiness::problems, false)
        .onSuccess(problems -> answer(request, problems))
        .onFailure(request::fail);
  }

  private static void answer(RoutingContext request, List<Problem> problems) {
    var named = new JsonArray();
    problems.forEach(each -> named.add(json(each)));
    boolean ready = problems.stream().noneMatch(Problem::blocking);
    Answers.json(request, ready ? 200 : 503, JsonObject.of("ready", ready, "problems", named));
  }

  private static JsonObject json(Problem problem) {
    return JsonObject.of(
        "what", problem.what(), "why", problem.why(), "blocking", problem.blocking());
  }
}
