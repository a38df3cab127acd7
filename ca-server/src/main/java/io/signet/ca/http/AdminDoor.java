package io.signet.ca.http;

import io.signet.attestation.Evidence;
import io.signet.ca.caller.Origin;
import io.signet.ca.caller.ShownEvidence;
import io.signet.ca.http.AdminBody.BadBodyException;
import io.signet.ca.http.Administrators.Judged.Admitted;
import io.signet.ca.http.Administrators.Judged.TurnedAway;
import io.signet.ca.issuance.Limits;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.RefusedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets administrators act by {@code POST}, and nobody else. Each act and each who is turned away is
 * told to the audit. What a browser can be made to send from elsewhere does not count: the body
 * must be declared as JSON. Safe for use by many threads.
 */
public final class AdminDoor {
  private static final Logger LOG = LoggerFactory.getLogger(AdminDoor.class);

  private static final int LARGEST_BODY = 16 * 1024;
  private static final String JSON = "application/json";

  /** What an administrator has done, or somebody else has tried. Must not block. */
  public interface Events {

    /**
     * An administrator did something, or was refused by what was to be done.
     *
     * @param said who, from where, by which request, what, and what came of it
     */
    void acted(Map<String, String> said);

    /** Somebody was turned away. */
    void turnedAway(Map<String, String> said);
  }

  /** What an administrator can do. Blocks. */
  @FunctionalInterface
  public interface Act {

    /**
     * Does it.
     *
     * @param by who asks, for the journal
     * @return the answer
     * @throws RefusedException if it cannot be done as things are
     * @throws LedgerException if the store is away
     * @throws UnavailableException if something else is away, or not there yet
     */
    JsonObject perform(String by, AdminBody body)
        throws BadBodyException, RefusedException, LedgerException, UnavailableException;
  }

  /** It cannot be done or said now, but later; the message says what. */
  public static final class UnavailableException extends Exception {

    private static final long serialVersionUID = 1L;

    public UnavailableException(String message) {
      super(message);
    }
  }

  private final Administrators administrators;
  private final Limits attempts;
  private final Events events;

  /**
   * @param attempts of which that of an address counts, whether the credentials are right or wrong:
   *     else who guesses would be let in by the right guess
   */
  public AdminDoor(Administrators administrators, Limits attempts, Events events) {
    this.administrators = administrators;
    this.attempts = attempts;
    this.events = events;
  }

  /** Has administrators do this by {@code POST} at this path. */
  public void mount(Router router, String path, Act act) {
    var _ =
        router
            .post(path)
            .handler(BodyHandler.create(false).setBodyLimit(LARGEST_BODY))
            .handler(AdminDoor::requireJson)
            .handler(request -> attempt(request, path, act));
  }

  private static void requireJson(RoutingContext request) {
    String type = request.request().getHeader(HttpHeaders.CONTENT_TYPE);
    if (type != null && type.split(";", 2)[0].strip().equalsIgnoreCase(JSON)) {
      request.next();
    } else {
      Answers.error(request, 415, "content-type: %s (expected: %s)".formatted(type, JSON));
    }
  }

  private void attempt(RoutingContext request, String path, Act act) {
    Attempt attempt = Attempt.of(request, path);
    request
        .vertx()
        .executeBlocking(() -> answer(attempt, act), false)
        .onSuccess(answer -> answer.to(request))
        .onFailure(request::fail);
  }

  private Answer answer(Attempt attempt, Act act) {
    if (attempts.ofAddress(attempt.origin().network()).isPresent()) {
      return turnedAway(attempt, new TurnedAway(429, "too many attempts; try again later"));
    }
    return switch (administrators.judge(attempt.shown())) {
      case Admitted(String by) -> performed(attempt, by, act);
      case TurnedAway why -> turnedAway(attempt, why);
    };
  }

  private Answer turnedAway(Attempt attempt, TurnedAway why) {
    Map<String, String> said = attempt.said();
    said.put("shown", attempt.shown().toString()); // which shows no secret
    said.put("why", why.why());
    events.turnedAway(said);
    return Answer.error(why.status(), why.told());
  }

  private Answer performed(Attempt attempt, String by, Act act) {
    Answer answer = outcome(attempt, by, act);
    Map<String, String> said = attempt.said();
    said.put("by", by);
    said.put("asked", new String(attempt.body(), StandardCharsets.UTF_8));
    said.put("outcome", answer.status() == 200 ? "done" : answer.body().getString("error"));
    events.acted(said);
    return answer;
  }

  private static Answer outcome(Attempt attempt, String by, Act act) {
    try {
      return new Answer(200, act.perform(by, AdminBody.of(attempt.body())));
    } catch (BadBodyException e) {
      return Answer.error(400, String.valueOf(e.getMessage()));
    } catch (RefusedException e) {
      return Answer.error(409, String.valueOf(e.getMessage()));
    } catch (LedgerException e) {
      LOG.warn("{} by {}: {}", attempt.path(), by, e.getMessage());
      return Answer.STORE_AWAY;
    } catch (UnavailableException e) {
      return Answer.error(503, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // It may have been done all the same, and whoever reads the audit has to know of it.
      LOG.error("{} by {} failed", attempt.path(), by, e);
      return Answer.error(500, "internal error");
    }
  }

  /** What was sent, gathered on the event loop. */
  private record Attempt(String path, Origin origin, List<Evidence> shown, byte[] body) {

    static Attempt of(RoutingContext request, String path) {
      var http = request.request();
      return new Attempt(
          path,
          Origin.of(InetAddress.ofLiteral(http.remoteAddress().hostAddress())),
          ShownEvidence.of(
              http.headers().getAll(ShownEvidence.AUTHORIZATION),
              List.of(),
              http.connection().sslSession()),
          request.body().buffer() == null ? new byte[0] : request.body().buffer().getBytes());
    }

    Map<String, String> said() {
      Map<String, String> said = new LinkedHashMap<>();
      said.put("request", origin.id());
      said.put("from", origin.address());
      said.put("act", path);
      return said;
    }
  }
}
