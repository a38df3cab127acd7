package io.signet.ca.http;

import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.HEAD;

import io.signet.ca.revocation.Crl;
import io.signet.spiffe.Pem;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * {@code /v1/crl}: the CRLs of our CAs, for whoever asks; DER at {@code /v1/crl/KEYID.crl} and PEM
 * at {@code /v1/crl/KEYID.pem}, where the key is that of the CA.
 */
public final class CrlRoutes implements Routes {

  private static final String DER = "application/pkix-crl";
  private static final String PEM = "application/x-pem-file";

  // A full CRL follows at once when something is revoked, long before its time is over.
  private static final Duration LONGEST_KEPT = Duration.ofMinutes(5);

  private final Supplier<Collection<Crl>> crls;
  private final Clock clock;

  /**
   * @param crls the newest of each CA; must not block
   */
  public CrlRoutes(Supplier<Collection<Crl>> crls, Clock clock) {
    this.crls = crls;
    this.clock = clock;
  }

  @Override
  public void mount(Router router) {
    router.route("/v1/crl").method(GET).method(HEAD).handler(this::list);
    router
        .routeWithRegex("/v1/crl/(?<key>[0-9a-f]{40})\\.crl")
        .method(GET)
        .method(HEAD)
        .handler(request -> one(request, DER, Crl::der));
    router
        .routeWithRegex("/v1/crl/(?<key>[0-9a-f]{40})\\.pem")
        .method(GET)
        .method(HEAD)
        .handler(request -> one(request, PEM, CrlRoutes::pem));
  }

  private void list(RoutingContext request) {
    JsonArray all = new JsonArray();
    crls.get().stream()
        .sorted(Comparator.comparing(Crl::end).thenComparing(crl -> crl.authority().hex()))
        .map(CrlRoutes::json)
        .forEach(all::add);
    Answers.json(request, 200, JsonObject.of("crls", all));
  }

  private static JsonObject json(Crl crl) {
    Crl.Head head = crl.head();
    return JsonObject.of(
        "authority",
        head.authority().hex(),
        "issuer",
        crl.ca().getSubjectX500Principal().toString(),
        "number",
        head.number(),
        "this-update",
        head.thisUpdate().toString(),
        "next-update",
        head.nextUpdate().toString(),
        "entries",
        crl.entries(),
        "path",
        "/v1/crl/" + head.authority().hex() + ".crl");
  }

  private void one(RoutingContext request, String type, Function<Crl, byte[]> form) {
    Optional<Crl> crl =
        crls.get().stream()
            .filter(one -> one.authority().hex().equals(request.pathParam("key")))
            .findFirst();
    if (crl.isEmpty()) {
      Answers.error(request, 404, "no CRL of this key (expected: one that /v1/crl lists)");
      return;
    }
    answer(request, crl.get().head(), type, () -> form.apply(crl.get()));
  }

  private void answer(RoutingContext request, Crl.Head head, String type, Supplier<byte[]> body) {
    String tag = "\"%s-%d\"".formatted(head.authority().hex(), head.number());
    HttpServerResponse response = request.response();
    response
        .putHeader(HttpHeaders.ETAG, tag)
        .putHeader(HttpHeaders.LAST_MODIFIED, date(head.thisUpdate()))
        .putHeader(HttpHeaders.CACHE_CONTROL, "max-age=" + kept(head).toSeconds());
    if (tag.equals(request.request().getHeader(HttpHeaders.IF_NONE_MATCH))) {
      response.setStatusCode(304).end();
      return;
    }
    response.putHeader(HttpHeaders.CONTENT_TYPE, type);
    Buffer bytes = Buffer.buffer(body.get());
    if (request.request().method().equals(HEAD)) {
      response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(bytes.length())).end();
    } else {
      response.end(bytes);
    }
  }

  private Duration kept(Crl.Head head) {
    Duration left = Duration.between(clock.instant(), head.nextUpdate());
    if (left.isNegative()) {
      return Duration.ZERO;
    }
    return left.compareTo(LONGEST_KEPT) < 0 ? left : LONGEST_KEPT;
  }

  private static String date(Instant instant) {
    return DateTimeFormatter.RFC_1123_DATE_TIME.format(instant.atOffset(ZoneOffset.UTC));
  }

  private static byte[] pem(Crl crl) {
    return Pem.encode("X509 CRL", crl.der()).getBytes(StandardCharsets.US_ASCII);
  }
}
