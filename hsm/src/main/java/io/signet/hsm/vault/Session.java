package io.signet.hsm.vault;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Being logged in to a Vault: requests in the name of one who has a token, which is looked after
 * meanwhile.
 */
final class Session implements AutoCloseable {

  private static final Logger LOG = System.getLogger(Session.class.getName());

  private static final Duration BETWEEN_LOOKS_AT_THE_TOKEN = Duration.ofSeconds(1);
  private static final Duration BETWEEN_LOGINS_IN_VAIN = Duration.ofMinutes(1);

  /** That a token was refused a call although it was fresh, and when a fresher one may be tried. */
  private record Forbidden(Secret token, Instant until) {}

  private final VaultSettings settings;
  private final Connections connections;
  private final Cluster cluster;
  private final Tokens tokens;
  private final Outage outage;
  private final Timing timing;
  private final Map<String, Forbidden> forbidden = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("vault-token").factory());
  private volatile boolean closed;

  private Session(
      VaultSettings settings,
      Connections connections,
      Cluster cluster,
      Tokens tokens,
      Outage outage,
      Timing timing) {
    this.settings = settings;
    this.connections = connections;
    this.cluster = cluster;
    this.tokens = tokens;
    this.outage = outage;
    this.timing = timing;
  }

  /**
   * Finds a node that can be used, and logs in.
   *
   * @param listener told when no node takes a request, or there is no token for it, and when that
   *     has ended
   * @throws CustodyException {@link Fault#LOST} when no node can be reached, {@link Fault#BUSY}
   *     when all are sealed or the like, {@link Fault#DENIED} when the login is refused, a file for
   *     it is missing, or no node can be trusted by its certificate: it was tried once
   */
  static Session open(VaultSettings settings, CustodianListener listener, Clock clock)
      throws CustodyException {
    Session session = open(settings, listener, Timing.of(clock));
    session.keepToken();
    return session;
  }

  /** Its token is looked after by whoever calls {@link #runDue()}. */
  static Session open(VaultSettings settings, CustodianListener listener, Timing timing)
      throws CustodyException {
    Connections connections = new Connections(settings);
    try {
      Cluster cluster = new Cluster(settings, connections, timing);
      cluster.findUsableNode();
      Login login = new Login(settings, cluster, connections, timing);
      Tokens tokens = new Tokens(settings, login, timing);
      Outage outage = new Outage(listener, timing);
      return new Session(settings, connections, cluster, tokens, outage, timing);
    } catch (CustodyException | RuntimeException e) {
      connections.close();
      throw e;
    }
  }

  private void keepToken() {
    long pause = BETWEEN_LOOKS_AT_THE_TOKEN.toMillis();
    ScheduledFuture<?> _ =
        timer.scheduleWithFixedDelay(this::runDueAndGoOn, pause, pause, TimeUnit.MILLISECONDS);
  }

  // What a scheduled task throws ends its schedule, and with it the life of the token.
  private void runDueAndGoOn() {
    try {
      runDue();
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, settings.where() + ": the token was not looked after", e);
    }
  }

  /** When the token ends, by the clock. */
  Instant end() {
    return tokens.end();
  }

  void runDue() {
    tokens.runDue();
  }

  /**
   * Asks for what must be there.
   *
   * @return an answer that is {@linkplain Answer#isDone done}
   * @throws CustodyException for all others, by key-custody, section 6
   */
  Answer done(Call call, Deadline deadline) throws CustodyException {
    Answer answer = ask(call, deadline);
    if (answer.isAbsent()) {
      throw failure(Fault.REJECTED, call + ": status 404; no such path, or hidden by policy");
    }
    return answer;
  }

  /**
   * Asks. VAUTH-5: after a refusal there is one login and one more try, unless a login was of no
   * use for the same call a moment ago: the policy forbids it. Vault is asked all the same, for a
   * policy that is corrected holds at once.
   *
   * @return an answer that is {@linkplain Answer#isDone done} or {@linkplain Answer#isAbsent
   *     absent}
   * @throws CustodyException for all others, by key-custody, section 6
   */
  Answer ask(Call call, Deadline deadline) throws CustodyException {
    requireOpen();
    Asked asked = asked(call, deadline);
    if (asked.answer().isDenied()) {
      remember(call, asked.token());
      throw failure(
          Fault.DENIED,
          "%s: status %d, also after a login; the policy of the token must allow `%s` there"
              .formatted(call, asked.answer().status(), call.capability()));
    }
    Object _ = forbidden.remove(call.toString());
    outage.over();
    return asked.answer();
  }

  /** An answer, and the token that it was asked with. */
  private record Asked(Answer answer, Secret token) {}

  private Asked asked(Call call, Deadline deadline) throws CustodyException {
    try {
      Secret token = tokens.current(deadline);
      Answer answer = cluster.ask(call, token, deadline);
      if (!answer.isDenied() || isForbidden(call, token)) {
        return new Asked(answer, token);
      }
      Secret next = tokens.insteadOf(token, deadline);
      return new Asked(cluster.ask(call, next, deadline), next);
    } catch (CustodyException e) {
      if (isOutage(e)) {
        outage.because(e);
      }
      throw e;
    }
  }

  // Not when Vault only wants fewer requests.
  private boolean isOutage(CustodyException e) {
    return switch (e.fault()) {
      case LOST, DENIED -> true;
      case BUSY -> !cluster.isLeftAlone();
      case REJECTED, FATAL, BROKEN -> false;
    };
  }

  // A token that another call has got meanwhile counts as the login of this one: two forbidden
  // calls would else log in by turns.
  private boolean isForbidden(Call call, Secret token) {
    Forbidden known = forbidden.get(call.toString());
    return known != null && (known.token() != token || timing.now().isBefore(known.until()));
  }

  private void remember(Call call, Secret token) {
    Forbidden now = new Forbidden(token, timing.now().plus(BETWEEN_LOGINS_IN_VAIN));
    Object _ = forbidden.merge(call.toString(), now, (old, _) -> old.token() == token ? old : now);
  }

  void requireOpen() throws CustodyException {
    if (closed) {
      throw failure(Fault.LOST, "it is closed");
    }
  }

  /**
   * Also ends the tokens that logins of this session have made. It waits for a login that is under
   * way, no longer than {@link VaultSettings#deadline()}.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    timer.shutdown();
    tokens.close();
    timer.shutdownNow(); // not before: it may be logging in
    connections.close();
  }

  private CustodyException failure(Fault fault, String why) {
    return new CustodyException(fault, settings.where() + ": " + why);
  }
}
