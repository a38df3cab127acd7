package io.signet.ca.http;

import io.signet.ca.rotation.AuthorityStatus;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.JournalEntry;
import io.signet.ca.rotation.Laggard;
import io.signet.ca.rotation.Progress;
import io.signet.ca.rotation.RotationState;
import io.signet.ca.rotation.RotationState.Activated;
import io.signet.ca.rotation.RotationState.Prepared;
import io.signet.ca.rotation.RotationState.Published;
import io.signet.ca.rotation.RotationState.Retiring;
import io.signet.ca.rotation.RotationState.Steady;
import io.signet.ca.rotation.RotationState.Terms;
import io.signet.ca.rotation.RotationStatus;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.Function;

/** Writes how rotations and authorities stand. What is absent has no member. */
final class RotationJson {

  private RotationJson() {}

  static JsonObject of(RotationStatus status) {
    JsonObject json = JsonObject.of("at", status.at().toString()).mergeIn(of(status.state()));
    json.put("waits", new JsonArray(status.waits())).put("progress", of(status.progress()));
    status.deadline().ifPresent(end -> json.put("deadline", end.toString()));
    json.put("alarms", new JsonArray(status.alarms())).put("approval", status.approval());
    status.nextStart().ifPresent(next -> json.put("next-start", next.toString()));
    return json.put("history", array(status.history(), RotationJson::of));
  }

  static JsonObject of(List<AuthorityStatus> authorities) {
    return JsonObject.of("authorities", array(authorities, RotationJson::of));
  }

  private static JsonObject of(RotationState state) {
    Terms terms = state.terms();
    JsonObject json = JsonObject.of("phase", state.phase(), "since", terms.since().toString());
    json.put("active", of(state.active()));
    switch (state) {
      case Steady steady -> steady.doomed().ifPresent(doomed -> json.put("doomed", of(doomed)));
      case Prepared prepared -> json.put("next", of(prepared.next()));
      case Published published -> json.put("next", of(published.next()));
      case Activated activated -> json.put("previous", of(activated.previous()));
      case Retiring retiring -> json.put("previous", of(retiring.previous()));
    }
    return json.put("bundle", state.bundle())
        .put("trusted", array(state.trusted(), RotationJson::of))
        .put("approved", terms.approved())
        .put("forced", terms.forced())
        .put("compromised", terms.compromised());
  }

  private static JsonObject of(Generation generation) {
    return JsonObject.of("generation", generation.number(), "label", generation.label().value());
  }

  private static JsonObject of(Progress progress) {
    return JsonObject.of(
        "all",
        progress.all(),
        "lagging",
        progress.lagging(),
        "laggards",
        array(progress.laggards(), RotationJson::of));
  }

  private static JsonObject of(Laggard laggard) {
    JsonObject json =
        JsonObject.of(
            "kind",
            laggard.kind().label(),
            "name",
            laggard.name(),
            "has",
            laggard.has(),
            "since",
            laggard.since().toString());
    laggard.problem().ifPresent(problem -> json.put("problem", problem));
    return json;
  }

  private static JsonObject of(JournalEntry entry) {
    return JsonObject.of(
            "number",
            entry.number(),
            "at",
            entry.at().toString(),
            "by",
            entry.by(),
            "reason",
            entry.reason())
        .put("state", of(entry.state()));
  }

  private static JsonObject of(AuthorityStatus authority) {
    JsonObject json =
        of(authority.generation())
            .put("role", authority.role().label())
            .put("compromised", authority.compromised());
    authority.certificate().map(BundleRoutes::json).ifPresent(json::mergeIn);
    return json;
  }

  private static <T> JsonArray array(List<T> values, Function<T, JsonObject> each) {
    return new JsonArray(values.stream().map(each).toList());
  }
}
