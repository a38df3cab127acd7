package io.signet.hsm.vault;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of one Vault, of which any may be down, sealed or a standby. A request goes to the node
 * that answered last; one that cannot take it is passed over, and one that may have taken it is
 * asked the same once more, if the request bears that (KC-6).
 *
 * <p>A standby may answer by itself, from what it has heard of so far. What this process has
 * written, a login too, holds for all it asks later: each request says what the node must know, and
 * one that does not passes it on.
 */
final class Cluster {

  private static final Secret NOBODY = new Secret("");
  private static final int LONGEST_REASON = 300;

  /** What OpenBao answers 500 to: a version it has not or no longer signs with, no such issuer. */
  private static final List<String> WRONG_BY_500 =
      List.of("requested version for signing", "unable to find PKI issuer", "no default issuer");

  private static final int SHORTEST_SECRET = 8; // "asn1" is none
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(250);
  private static final Duration QUIET = Duration.ofSeconds(1);
  private static final Duration LONGEST_QUIET = Duration.ofSeconds(30);

  /** What became of a request at one node. */
  private sealed interface Attempt {

    /** For the caller to judge: done, denied or absent. */
    record Answered(Answer answer) implements Attempt {}

    /** This node did nothing; others may. */
    record NotHere(CustodyException why, Optional<URI> instead) implements Attempt {}

    /** Nobody knows what it did. */
    record Unclear(CustodyException why) implements Attempt {}
  }

  private final VaultSettings settings;
  private final Connections connections;
  private final Timing timing;
  private final AtomicReference<URI> preferred;
  private volatile Instant quietUntil = Instant.MIN;
  private volatile Optional<String> lastIndex = Optional.empty();

  Cluster(VaultSettings settings, Connections connections, Timing timing) {
    this.settings = settings;
    this.connections = connections;
    this.timing = timing;
    this.preferred = new AtomicReference<>(settings.addresses().getFirst());
  }

  /**
   * Asks in the name of whom the token was given to.
   *
   * @return an answer that is {@linkplain Answer#isDone done}, {@linkplain Answer#isDenied denied}
   *     or {@linkplain Answer#isAbsent absent}
   * @throws CustodyException for all others, by key-custody, section 6
   */
  Answer ask(Call call, Secret token, Deadline deadline) throws CustodyException {
    requireNotQuiet();
    Deque<URI> untried = nodes();
    List<CustodyException> failures = new ArrayList<>();
    boolean mayRepeat = call.repeatable();
    while (!untried.isEmpty()) {
      URI node = untried.removeFirst();
      // A node that hangs leaves time for the second try, on another node if there is one.
      switch (attempt(node, call, token, mayRepeat ? deadline.halfway() : deadline)) {
        case Attempt.Answered(Answer answer) -> {
          preferred.set(node);
          return answer;
        }
        case Attempt.NotHere(CustodyException why, Optional<URI> instead) -> {
          failures.add(why);
          instead.filter(untried::remove).ifPresent(untried::addFirst);
        }
        case Attempt.Unclear(CustodyException why) -> {
          failures.add(why);
          if (!mayRepeat || deadline.isOver()) {
            throw allOf(failures);
          }
          mayRepeat = false;
          untried.addLast(node);
          pause(node, SHORTEST_PAUSE, LONGEST_PAUSE);
        }
      }
    }
    throw allOf(failures);
  }

  private Deque<URI> nodes() {
    Deque<URI> nodes = new ArrayDeque<>(settings.addresses());
    URI first = preferred.get();
    boolean _ = nodes.remove(first);
    nodes.addFirst(first);
    return nodes;
  }

  private Attempt attempt(URI node, Call call, Secret token, Deadline deadline)
      throws CustodyException {
    try {
      return judged(node, call, token, answer(node, call, token, deadline));
    } catch (ConnectException | HttpConnectTimeoutException e) {
      return new Attempt.NotHere(failure(Fault.LOST, node, "cannot be reached: " + e, e), none());
    } catch (IOException e) {
      return new Attempt.Unclear(failure(Fault.LOST, node, call + ": " + e.getMessage(), e));
    }
  }

  private Answer answer(URI node, Call call, Secret token, Deadline deadline) throws IOException {
    Answer answer = VaultDriver.ask(connections.http(), node, headers(), token, call, deadline);
    if (answer.index().isPresent()) {
      lastIndex = answer.index();
    }
    return answer;
  }

  private Map<String, String> headers() {
    Map<String, String> headers = new HashMap<>();
    settings.namespace().ifPresent(name -> headers.put("X-Vault-Namespace", name));
    lastIndex.ifPresent(index -> {
      headers.put("X-Vault-Index", index);
      headers.put("X-Vault-Inconsistent", "forward-active-node");
    });
    return headers;
  }

  private Attempt judged(URI node, Call call, Secret token, Answer answer) throws CustodyException {
    String said = reason(call, token, answer);
    String what = call + ": status " + answer.status() + (said.isEmpty() ? "" : ", " + said);
    return switch (answer.status()) {
      case 200, 204, 401, 403 -> new Attempt.Answered(answer);
      case 307 -> moved(node, answer);
      case 404 -> {
        if (answer.isAbsent()) {
          yield new Attempt.Answered(answer);
        }
        throw failure(Fault.REJECTED, node, what + "; no such path, or hidden by policy", null);
      }
      case 412 -> new Attempt.Unclear(failure(Fault.BUSY, node, what, null)); // VST-4
      case 429 -> {
        keepQuiet(answer);
        throw failure(Fault.BUSY, node, what + "; too many requests", null);
      }
      case 472, 473, 501, 503 ->
          new Attempt.NotHere(
              failure(Fault.BUSY, node, what + state(answer.status()), null), none());
      default -> {
        boolean wrong = answer.status() < 500 || WRONG_BY_500.stream().anyMatch(said::contains);
        if (wrong) {
          throw failure(Fault.REJECTED, node, what, null);
        }
        yield new Attempt.Unclear(failure(Fault.LOST, node, what, null)); // VST-8
      }
    };
  }

  // A server is free to repeat in its errors what it was sent. Shortened only without it: a part
  // of a secret would not be found.
  private static String reason(Call call, Secret token, Answer answer) {
    String reason = token.removedFrom(answer.reason());
    for (Object sent : call.body().values()) {
      if (sent instanceof String text && text.length() >= SHORTEST_SECRET) {
        reason = new Secret(text).removedFrom(reason);
      }
    }
    return reason.length() > LONGEST_REASON ? reason.substring(0, LONGEST_REASON) + "..." : reason;
  }

  private static String state(int status) {
    return switch (status) {
      case 472 -> "; a disaster recovery secondary";
      case 473 -> "; a performance standby";
      case 501 -> "; not initialised";
      default -> "; sealed or in maintenance: unseal it";
    };
  }

  // VST-7: whoever can make a node answer so must not get the token.
  private Attempt moved(URI node, Answer answer) {
    Optional<URI> active =
        answer
            .location()
            .flatMap(to ->
                settings.addresses().stream().filter(known -> sameServer(known, to)).findFirst());
    String where =
        answer.location().map(to -> to.getScheme() + "://" + to.getAuthority()).orElse("nowhere");
    String why =
        "a standby that points to "
            + where
            + (active.isPresent() ? "" : ", which is not among the configured addresses");
    return new Attempt.NotHere(failure(Fault.BUSY, node, why, null), active);
  }

  private static boolean sameServer(URI one, URI other) {
    return String.valueOf(one.getScheme()).equals(other.getScheme())
        && String.valueOf(one.getAuthority()).equalsIgnoreCase(other.getAuthority());
  }

  // VST-5
  private void keepQuiet(Answer answer) {
    Duration quiet = answer.retryAfter().orElse(QUIET);
    quietUntil = timing.now().plus(quiet.compareTo(LONGEST_QUIET) < 0 ? quiet : LONGEST_QUIET);
  }

  /** Whether it has asked for fewer requests, a moment ago. */
  boolean isLeftAlone() {
    return timing.now().isBefore(quietUntil);
  }

  private void requireNotQuiet() throws CustodyException {
    Instant until = quietUntil;
    if (timing.now().isBefore(until)) {
      throw new CustodyException(
          Fault.BUSY, settings.where() + ": too many requests; it is left alone until " + until);
    }
  }

  private void pause(URI node, Duration shortest, Duration longest) throws CustodyException {
    try {
      timing.pause(timing.between(shortest, longest));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(Fault.BUSY, node, "the pause before a retry was interrupted", e);
    }
  }

  /**
   * Makes the first usable node the preferred one (VST-5, VST-6). It takes no token.
   *
   * @throws CustodyException {@link Fault#BUSY} when none is usable and one is sealed or the like,
   *     {@link Fault#LOST} when none can be reached; the text says what is wrong with each
   */
  void findUsableNode() throws CustodyException {
    List<CustodyException> failures = new ArrayList<>();
    for (URI node : settings.addresses()) {
      Optional<CustodyException> trouble = health(node);
      if (trouble.isEmpty()) {
        preferred.set(node);
        return;
      }
      failures.add(trouble.get());
    }
    throw allOf(failures);
  }

  private Optional<CustodyException> health(URI node) {
    Call health = Call.read("sys/health");
    try {
      Answer answer =
          VaultDriver.ask(
              connections.http(),
              node,
              Map.of(), // of the server, not of a namespace
              NOBODY,
              health,
              Deadline.in(settings.deadline()));
      return switch (answer.status()) {
        case 200, 429, 473 -> Optional.empty();
        case 472, 501, 503 ->
            Optional.of(failure(Fault.BUSY, node, health + state(answer.status()), null));
        default ->
            Optional.of(failure(Fault.LOST, node, health + ": status " + answer.status(), null));
      };
    } catch (IOException e) {
      // Nobody but a person mends a certificate; all else may pass.
      Fault fault = e instanceof SSLException ? Fault.DENIED : Fault.LOST;
      return Optional.of(failure(fault, node, "cannot be reached: " + e, e));
    }
  }

  private CustodyException allOf(List<CustodyException> failures) {
    CustodyException last = failures.getLast();
    if (failures.size() == 1) {
      return last;
    }
    boolean busy = failures.stream().anyMatch(failure -> failure.fault() == Fault.BUSY);
    boolean denied = failures.stream().allMatch(failure -> failure.fault() == Fault.DENIED);
    String all =
        failures.stream().map(CustodyException::getMessage).collect(Collectors.joining("; "));
    return new CustodyException(busy ? Fault.BUSY : denied ? Fault.DENIED : Fault.LOST, all, last);
  }

  private CustodyException failure(Fault fault, URI node, String why, @Nullable Exception cause) {
    return new CustodyException(fault, settings.mount() + " of " + node + ": " + why, cause);
  }

  private static Optional<URI> none() {
    return Optional.empty();
  }
}
