package io.signet.ca.http;

import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.HEAD;

import io.signet.ca.http.AdminBody.BadBodyException;
import io.signet.ca.http.AdminDoor.UnavailableException;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.Revoker;
import io.signet.ca.rotation.RefusedException;
import io.signet.ca.x509.RevocationReason;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /v1/revocations}, which everybody may read; and {@code /v1/revocations/revoke} and {@code
 * lift} for administrators. What is revoked is a {@code serial}, an {@code identity} or an {@code
 * authority}.
 */
public final class RevocationRoutes implements Routes {
  private static final Logger LOG = LoggerFactory.getLogger(RevocationRoutes.class);

  private static final int LONGEST_NAME = 2048;
  private static final int LONGEST_REASON = 32;

  private final Supplier<Optional<Revoker>> revoker;
  private final AdminDoor door;

  /**
   * @param revoker empty while the server starts
   * @param door of administrators
   */
  public RevocationRoutes(Supplier<Optional<Revoker>> revoker, AdminDoor door) {
    this.revoker = revoker;
    this.door = door;
  }

  @Override
  public void mount(Router router) {
    router.route("/v1/revocations").method(GET).method(HEAD).handler(this::list);
    door.mount(router, "/v1/revocations/revoke", this::revoke);
    door.mount(router, "/v1/revocations/lift", this::lift);
  }

  private void list(RoutingContext request) {
    request
        .vertx()
        .executeBlocking(this::list, false)
        .onSuccess(answer -> answer.to(request))
        .onFailure(request::fail);
  }

  private Answer list() {
    try {
      return new Answer(200, RevocationJson.of(present().state()));
    } catch (LedgerException e) {
      LOG.warn("revocations: {}", e.getMessage());
      return Answer.STORE_AWAY;
    } catch (UnavailableException e) {
      return Answer.error(503, String.valueOf(e.getMessage()));
    }
  }

  private JsonObject revoke(String by, AdminBody body)
      throws BadBodyException, RefusedException, LedgerException, UnavailableException {
    var _ = body.only("serial", "identity", "authority", "reason");
    Optional<String> serial = body.optional("serial", LONGEST_NAME);
    Optional<String> identity = body.optional("identity", LONGEST_NAME);
    Optional<String> authority = body.optional("authority", LONGEST_NAME);
    if (serial.stream().count() + identity.stream().count() + authority.stream().count() != 1) {
      throw new BadBodyException("body: expected one of serial, identity and authority");
    }
    RevocationReason reason = reason(body);
    Revoker present = present();
    if (serial.isPresent()) {
      SerialNumber number = read("serial", serial.get(), SerialNumber::parse);
      return RevocationJson.of(present.revoke(number, reason, by));
    }
    if (authority.isPresent()) {
      return RevocationJson.of(present.revokeAuthority(authority.get(), reason, by));
    }
    SpiffeId id = read("identity", identity.orElseThrow(), SpiffeId::parse);
    return RevocationJson.of(present.revoke(id, reason, by));
  }

  private static RevocationReason reason(AdminBody body) throws BadBodyException {
    String label = body.text("reason", LONGEST_REASON);
    return RevocationReason.named(label)
        .orElseThrow(() ->
            new BadBodyException(
                "reason: %s (expected: one of %s)".formatted(label, RevocationReason.labels())));
  }

  private JsonObject lift(String by, AdminBody body)
      throws BadBodyException, RefusedException, LedgerException, UnavailableException {
    SpiffeId id =
        read("identity", body.only("identity").text("identity", LONGEST_NAME), SpiffeId::parse);
    present().lift(id, by);
    return JsonObject.of("lifted", id.toString());
  }

  private static <T> T read(String name, String text, Function<String, T> parser)
      throws BadBodyException {
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw new BadBodyException(name + ": " + e.getMessage());
    }
  }

  private Revoker present() throws UnavailableException {
    return revoker
        .get()
        .orElseThrow(() ->
            new UnavailableException(
                "revocation is not available yet (expected: later, when the server has started)"));
  }
}
