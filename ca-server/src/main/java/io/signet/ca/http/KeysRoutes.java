package io.signet.ca.http;

import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.HEAD;

import io.signet.ca.http.KeysStatus.RootKey;
import io.signet.ca.http.KeysStatus.Trouble;
import io.signet.hsm.CustodianStatus.Load;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Supplier;

/** {@code /v1/keys}: how the keys of the authority are kept. 200 also when they cannot be used. */
public final class KeysRoutes implements Routes {
  private final Supplier<KeysStatus> status;

  /**
   * @param status may block
   */
  public KeysRoutes(Supplier<KeysStatus> status) {
    this.status = status;
  }

  @Override
  public void mount(Router router) {
    router.route("/v1/keys").method(GET).method(HEAD).handler(this::keys);
  }

  private void keys(RoutingContext request) {
    request
        .vertx()
        .executeBlocking(status::get, false)
        .onSuccess(now -> Answers.json(request, 200, json(now)))
        .onFailure(request::fail);
  }

  // What is absent has no member.
  private static JsonObject json(KeysStatus status) {
    JsonObject json =
        JsonObject.of(
            "usable", status.usable(), "custodian", status.custodian(), "where", status.where());
    status.root().ifPresent(root -> json.put("root", json(root)));
    status.seen().ifPresent(when -> json.put("seen", when.toString()));
    status.problem().ifPresent(problem -> json.put("problem", json(problem)));
    json.put("issuing", status.issuing());
    status.device().load().ifPresent(load -> json.put("calls", json(load)));
    status.device().leaseEnds().ifPresent(end -> json.put("lease", lease(status.at(), end)));
    json.put("losses", status.losses()).put("recoveries", status.recoveries());
    status.lastError().ifPresent(error -> json.put("last-error", json(error)));
    return json;
  }

  private static JsonObject json(RootKey root) {
    return JsonObject.of("label", root.label().value(), "algorithm", root.algorithm().toString());
  }

  private static JsonObject json(Trouble trouble) {
    return JsonObject.of(
        "at",
        trouble.at().toString(),
        "fault",
        trouble.fault().name().toLowerCase(Locale.ROOT),
        "why",
        trouble.why(),
        "check",
        trouble.fault().toCheck());
  }

  private static JsonObject json(Load load) {
    return JsonObject.of(
        "permits",
        load.permits(),
        "free",
        load.free(),
        "waiting",
        load.waiting(),
        "given-up",
        load.givenUp());
  }

  private static JsonObject lease(Instant now, Instant end) {
    return end.equals(Instant.MAX)
        ? JsonObject.of("ends", "never")
        : JsonObject.of(
            "ends", end.toString(), "left-seconds", Duration.between(now, end).toSeconds());
  }
}
