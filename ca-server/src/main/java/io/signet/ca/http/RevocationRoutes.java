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
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
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
  private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

  private final Supplier<Optional<Revoker>> revoker;
  private final AdminDoor door;
  private final LongSupplier nanos;
  private Optional<Seen> last = Optional.empty();

  /** What was told, and when that was read. */
  private record Seen(JsonObject told, long at) {}

  /**
   * @param revoker empty while the server starts
   * @param door of administrators
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  public RevocationRoutes(Supplier<Optional<Revoker>> revoker, AdminDoor door, LongSupplier nanos) {
    this.revoker = revoker;
    this.door = door;
    this.nanos = nanos;
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
      return new Answer(200, state());
    } catch (LedgerException e) {
      LOG.warn("revocations: {}", e.getMessage());
      return Answer.STORE_AWAY;
    } catch (UnavailableException e) {
      return Answer.error(503, String.valueOf(e.getMessage()));
    }
  }

  // However many ask, all that is revoked is read once a second: nobody has to show who they are.
  private synchronized JsonObject state() throws LedgerException, UnavailableException {
    long now = nanos.getAsLong();
    if (last.isEmpty() || now - last.get().at() >= FRESH_NANOS) {
      last = Optional.of(new Seen(RevocationJson.of(present().state()), now));
    }
    return last.get().told();
  }

  // Whoever acts sees what came of it.
  private synchronized void lookAnew() {
    last = Optional.empty();
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
      return done(() -> RevocationJson.of(present.revoke(number, reason, by)));
    }
    if (authority.isPresent()) {
      return done(() -> RevocationJson.of(present.revokeAuthority(authority.get(), reason, by)));
    }
    SpiffeId id = read("identity", identity.orElseThrow(), SpiffeId::parse);
    return done(() -> RevocationJson.of(present.revoke(id, reason, by)));
  }

  /** What an administrator does. */
  private interface Act {
    JsonObject done() throws RefusedException, LedgerException;
  }

  // Also when it fails: some of it may be done.
  private JsonObject done(Act act) throws RefusedException, LedgerException {
    try {
      return act.done();
    } finally {
      lookAnew();
    }
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
    Revoker present = present();
    return done(() -> {
      present.lift(id, by);
      return JsonObject.of("lifted", id.toString());
    });
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
