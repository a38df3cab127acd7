package io.signet.ca.http;

import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.HEAD;

import io.signet.ca.http.AdminBody.BadBodyException;
import io.signet.ca.http.AdminDoor.UnavailableException;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.RefusedException;
import io.signet.ca.rotation.RotationControl;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /v1/rotation} and {@code /v1/authorities}, which everybody may read; and {@code
 * /v1/rotation/start}, {@code approve}, {@code force} and {@code cancel} for administrators, which
 * answer with the new status.
 */
public final class RotationRoutes implements Routes {
  private static final Logger LOG = LoggerFactory.getLogger(RotationRoutes.class);

  private static final int LONGEST_REASON = 500;
  private static final int LONGEST_KEY_ID = 128;

  private final Supplier<Optional<RotationControl>> control;
  private final AdminDoor door;

  /** What is asked of the control. */
  private interface Question {
    JsonObject answer(RotationControl control) throws RefusedException, LedgerException;
  }

  /** What is done by it. */
  private interface Step {
    void take(RotationControl control, String by, AdminBody body)
        throws BadBodyException, RefusedException, LedgerException;
  }

  /**
   * @param control empty while the server starts
   * @param door of administrators
   */
  public RotationRoutes(Supplier<Optional<RotationControl>> control, AdminDoor door) {
    this.control = control;
    this.door = door;
  }

  @Override
  public void mount(Router router) {
    readable(router, "/v1/rotation", found -> RotationJson.of(found.status()));
    readable(router, "/v1/authorities", found -> RotationJson.of(found.authorities()));
    step(router, "start", RotationRoutes::start);
    step(router, "approve", RotationRoutes::approve);
    step(router, "force", RotationRoutes::force);
    step(router, "cancel", RotationRoutes::cancel);
  }

  private static void start(RotationControl control, String by, AdminBody body)
      throws BadBodyException, RefusedException, LedgerException {
    var _ = body.only("reason", "compromised");
    control.start(by, reason(body), body.optional("compromised", LONGEST_KEY_ID));
  }

  private static void approve(RotationControl control, String by, AdminBody body)
      throws BadBodyException, RefusedException, LedgerException {
    var _ = body.only();
    control.approve(by);
  }

  private static void force(RotationControl control, String by, AdminBody body)
      throws BadBodyException, RefusedException, LedgerException {
    var _ = body.only("reason");
    control.force(by, reason(body));
  }

  private static void cancel(RotationControl control, String by, AdminBody body)
      throws BadBodyException, RefusedException, LedgerException {
    var _ = body.only("reason");
    control.cancel(by, reason(body));
  }

  private static String reason(AdminBody body) throws BadBodyException {
    return body.text("reason", LONGEST_REASON);
  }

  private void readable(Router router, String path, Question question) {
    var _ =
        router.route(path).method(GET).method(HEAD).handler(request -> answer(request, question));
  }

  private void answer(RoutingContext request, Question question) {
    request
        .vertx()
        .executeBlocking(() -> answer(question), false)
        .onSuccess(answer -> answer.to(request))
        .onFailure(request::fail);
  }

  private Answer answer(Question question) {
    try {
      return new Answer(200, question.answer(present()));
    } catch (LedgerException e) {
      LOG.warn("rotation: {}", e.getMessage());
      return Answer.STORE_AWAY;
    } catch (RefusedException e) {
      return Answer.error(409, String.valueOf(e.getMessage()));
    } catch (UnavailableException e) {
      return Answer.error(503, String.valueOf(e.getMessage()));
    }
  }

  private void step(Router router, String name, Step step) {
    door.mount(router, "/v1/rotation/" + name, (by, body) -> taken(step, by, body));
  }

  private JsonObject taken(Step step, String by, AdminBody body)
      throws BadBodyException, RefusedException, LedgerException, UnavailableException {
    RotationControl present = present();
    step.take(present, by, body);
    try {
      return RotationJson.of(present.status());
    } catch (LedgerException e) {
      LOG.warn("rotation: {}", e.getMessage());
      throw new UnavailableException(
          "it is done, but the store cannot be reached now to say how the rotation stands");
    }
  }

  private RotationControl present() throws UnavailableException {
    return control
        .get()
        .orElseThrow(() ->
            new UnavailableException(
                "rotation is not available yet (expected: later, when the server has started)"));
  }
}
