package io.signet.ca.http;

import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.HEAD;

import io.signet.ca.x509.KeyIds;
import io.signet.spiffe.TrustBundle;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code /v1/bundle}: whom to trust now, for everybody. With {@code format=pem} the certificates,
 * with {@code format=jwks} the SPIFFE bundle format.
 */
public final class BundleRoutes implements Routes {
  private static final String FORMAT = "format";

  private final Supplier<Optional<TrustBundle>> bundle;

  /**
   * @param bundle empty while the server starts; must not block
   */
  public BundleRoutes(Supplier<Optional<TrustBundle>> bundle) {
    this.bundle = bundle;
  }

  @Override
  public void mount(Router router) {
    var _ = router.route("/v1/bundle").method(GET).method(HEAD).handler(this::bundle);
  }

  private void bundle(RoutingContext request) {
    List<String> asked = request.queryParam(FORMAT);
    Optional<TrustBundle> now = bundle.get();
    if (now.isEmpty()) {
      Answers.error(request, 503, "no bundle yet (expected: later, when the server has started)");
      return;
    }
    switch (asked.isEmpty() ? "json" : String.join(", ", asked)) {
      case "json" -> Answers.json(request, 200, json(now.get()));
      case "pem" -> Answers.text(request, 200, "application/x-pem-file", now.get().toPem());
      case "jwks" -> Answers.text(request, 200, "application/json", now.get().toJwkSet());
      default ->
          Answers.error(
              request,
              400,
              "%s: %s (expected: json, pem or jwks)".formatted(FORMAT, String.join(", ", asked)));
    }
  }

  private static JsonObject json(TrustBundle bundle) {
    return JsonObject.of(
        "trust-domain",
        bundle.trustDomain().name(),
        "sequence",
        bundle.sequence(),
        "authorities",
        new JsonArray(bundle.authorities().stream().map(BundleRoutes::json).toList()));
  }

  /** What there is to know of a CA certificate. */
  static JsonObject json(X509Certificate authority) {
    return JsonObject.of(
        "key-id",
        HexFormat.of().formatHex(KeyIds.of(authority)),
        "subject",
        authority.getSubjectX500Principal().getName(),
        "not-before",
        authority.getNotBefore().toInstant().toString(),
        "not-after",
        authority.getNotAfter().toInstant().toString());
  }
}
