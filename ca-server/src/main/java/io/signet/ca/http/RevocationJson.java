package io.signet.ca.http;

import io.signet.ca.revocation.CrlDelivery.All;
import io.signet.ca.revocation.CrlDelivery.Nothing;
import io.signet.ca.revocation.CrlDelivery.Withheld;
import io.signet.ca.revocation.Denial;
import io.signet.ca.revocation.Revocation;
import io.signet.ca.revocation.RevocationState;
import io.signet.ca.revocation.Revoker;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Comparator;
import java.util.List;

/** What is revoked, as the operator plane says it. */
final class RevocationJson {

  private RevocationJson() {}

  static JsonObject of(RevocationState state) {
    JsonArray revoked = new JsonArray();
    state.revoked().forEach(each -> revoked.add(of(each).put("listed", state.isListed(each))));
    JsonArray denied = new JsonArray();
    state.denied().values().stream()
        .sorted(Comparator.comparing(Denial::at).thenComparing(each -> each.id().toString()))
        .forEach(each -> denied.add(of(each)));
    JsonObject json =
        JsonObject.of(
            "revoked",
            revoked,
            "denied",
            denied,
            "delivered",
            switch (state.delivery()) {
              case Nothing _ -> "nothing";
              case All _ -> "all";
              case Withheld _ -> "withheld";
            });
    if (state.delivery() instanceof Withheld(String why)) {
      json.put("withheld", why);
    }
    return json.put("problems", new JsonArray(List.copyOf(state.problems())));
  }

  static JsonObject of(Revoker.Done done) {
    JsonArray revoked = new JsonArray();
    done.revoked().forEach(each -> revoked.add(of(each)));
    JsonObject json = JsonObject.of("revoked", revoked, "unlisted", done.unlisted());
    done.denied().ifPresent(id -> json.put("denied", id.toString()));
    return json;
  }

  private static JsonObject of(Revocation revocation) {
    return JsonObject.of(
        "serial",
        revocation.serial().toString(),
        "id",
        revocation.id().toString(),
        "authority",
        revocation.authority().hex(),
        "reason",
        revocation.reason().label(),
        "at",
        revocation.at().toString(),
        "by",
        revocation.by(),
        "not-after",
        revocation.notAfter().toString());
  }

  private static JsonObject of(Denial denial) {
    return JsonObject.of(
        "id",
        denial.id().toString(),
        "reason",
        denial.reason().label(),
        "at",
        denial.at().toString(),
        "by",
        denial.by());
  }
}
